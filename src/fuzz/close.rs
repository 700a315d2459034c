//! Bodies of Close frames (RFC 6455, sections 5.5.1 and 7.4).

use crate::{
    case::Role,
    wire::{
        close::{CloseBody, may_send},
        frame::Frame,
        observer::{Breach, Observer},
    },
};

/// Reads octets as the body of a Close frame.
///
/// # Panics
/// When the body does not print to what was read, or the observer says something else of it than the RFC's own list of codes and the
/// standard library's UTF-8.
pub fn close(octets: &[u8]) {
    let body = CloseBody::read(octets);
    assert_eq!(body.octets(), octets);
    let long = octets.len() > 125;
    for target in [Role::Server, Role::Client] {
        let frame = Frame::close(&body).with_key((target == Role::Client).then_some([1, 2, 3, 4]));
        for echoed in [false, true] {
            let mut observer = Observer::new(target);
            if let (true, Some(code)) = (echoed, body.code()) {
                observer.sent_close(code);
            }
            let told = observer.frame(&frame);
            let said = |of: fn(&Breach) -> bool| told.iter().any(of);
            let wrong = told.iter().any(|breach| !breach.is_warning());
            assert_eq!(said(|b| matches!(b, Breach::ControlTooLong { .. })), long);
            let lawful = match &body {
                CloseBody::Empty => true,
                CloseBody::Short(_) => false,
                CloseBody::Code(code, reason) => {
                    let text = std::str::from_utf8(reason).is_ok();
                    assert_eq!(said(|b| matches!(b, Breach::ReasonNotUtf8 { .. })), !text);
                    assert_eq!(may_send(*code, target), listed(*code, target));
                    // Repeating a reserved or unassigned code, or 1010, is no more than remarkable (sections 5.5.1 and 7.4.2).
                    let remarkable = match code {
                        1010 => true,
                        1004 | 1016..=2999 => echoed,
                        _ => false,
                    };
                    text && (listed(*code, target) || remarkable)
                }
            };
            assert_eq!(wrong, !lawful || long, "{body:?}, {target:?}, {told:?}");
        }
    }
}

/// Section 7.4.1, section 7.4.2, and the registry behind section 11.7 (1012 to 1014).
fn listed(code: u16, sender: Role) -> bool {
    const DEFINED: [u16; 8] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011];
    const LATER: [u16; 3] = [1012, 1013, 1014];
    DEFINED.contains(&code)
        || LATER.contains(&code)
        || code == 1010 && sender == Role::Client
        || (3000..5000).contains(&code)
}
