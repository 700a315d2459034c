//! What a program writes: kept in a file up to a bound, and its last octets in memory.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use super::tells;
use crate::escape;

/// The most octets of a file; what comes behind them is counted.
pub const MAX_FILE: u64 = 16 << 20;
/// The most octets that are kept in memory.
const MAX_TAIL: usize = 64 << 10;
/// The most characters of a line that is shown.
const MAX_LINE: usize = 400;
/// The most octets of a line that are looked at for the one that tells that the program is ready.
const MAX_LOOK: usize = 4096;

/// A file for the output of programs, one behind the other. Clones are the same file.
#[derive(Clone, Debug)]
pub struct Output(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// It goes with the last clone.
    temporary: AtomicBool,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    octets: u64,
    left_out: u64,
}

impl Output {
    /// Writes to a file that is there from now on, whatever was in it before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> io::Result<Output> {
        Ok(Output::new(path.into(), File::create(path)?, false))
    }

    /// Writes to a new file in the folder for temporary files, which goes with this value unless it is [kept](Output::keep).
    ///
    /// # Errors
    /// It cannot be written.
    pub fn temporary() -> io::Result<Output> {
        let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..100 {
            let name = format!("wsspec-{:08x}.log", fastrand::u32(..));
            let path = std::env::temp_dir().join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Output::new(path, file, true)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => error = e,
                Err(e) => return Err(e),
            }
        }
        Err(error)
    }

    fn new(path: PathBuf, file: File, temporary: bool) -> Output {
        let written = Written {
            file,
            octets: 0,
            left_out: 0,
        };
        Output(Arc::new(Inner {
            path,
            temporary: AtomicBool::new(temporary),
            written: Mutex::new(written),
        }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Leaves it there, also when it was to be temporary: it has been told to somebody.
    pub fn keep(&self) {
        self.0.temporary.store(false, Ordering::Relaxed);
    }

    /// Adds a line of the suite's own.
    pub fn note(&self, line: &str) {
        self.write(format!("[wsspec] {line}\n").as_bytes());
    }

    /// What cannot be written, on a full disk for instance, is lost: the run matters more.
    fn write(&self, octets: &[u8]) {
        let mut written = lock(&self.0.written);
        let room = usize::try_from(MAX_FILE - written.octets).unwrap_or(usize::MAX);
        let (now, later) = octets.split_at(octets.len().min(room));
        let _ = written.file.write_all(now);
        written.octets += now.len() as u64;
        written.left_out += later.len() as u64;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.temporary.get_mut() {
            let _ = fs::remove_file(&self.path);
            return;
        }
        let written = match self.written.get_mut() {
            Ok(written) => written,
            Err(poisoned) => poisoned.into_inner(),
        };
        if written.left_out > 0 {
            let more = written.left_out;
            let _ = writeln!(written.file, "\n[wsspec] {more} more octets are left out");
        }
    }
}

/// A panic elsewhere is no reason to lose output.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}

/// Copies all that comes to the file and to the tail; `said` is called when the line has come.
pub fn copy(pipe: &mut impl Read, output: &Output, tail: &Mutex<Tail>, said: impl Fn()) {
    let mut octets = [0; 8192];
    loop {
        let n = match pipe.read(&mut octets) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        output.write(&octets[..n]);
        if lock(tail).take(&octets[..n]) {
            said();
        }
    }
}

/// The last octets of a program, and the line that is awaited of it.
#[derive(Debug)]
pub struct Tail {
    last: VecDeque<u8>,
    cut: bool,
    /// The line that is awaited.
    says: Option<String>,
    /// The beginning of the line that is being written.
    line: Vec<u8>,
}

impl Tail {
    pub fn new(says: Option<String>) -> Tail {
        Tail {
            last: VecDeque::new(),
            cut: false,
            says,
            line: Vec::new(),
        }
    }

    /// Takes octets; whether the line that is awaited is among them. It need not have ended: a prompt does not.
    fn take(&mut self, octets: &[u8]) -> bool {
        self.last.extend(octets);
        let more = self.last.len().saturating_sub(MAX_TAIL);
        self.cut |= more > 0;
        self.last.drain(..more);
        let Some(glob) = &self.says else {
            return false;
        };
        let mut said = false;
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = MAX_LOOK.saturating_sub(self.line.len());
            self.line.extend(text.iter().take(room));
            said |= tells(glob, String::from_utf8_lossy(&self.line).trim_end());
            if ends {
                self.line.clear();
            }
        }
        if said {
            self.says = None;
            self.line = Vec::new();
        }
        said
    }

    /// The last lines, fit to be shown. The first of them may have lost its beginning.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let octets: Vec<u8> = self.last.iter().copied().collect();
        let text = octets.strip_suffix(b"\n").unwrap_or(&octets);
        if text.is_empty() {
            return Vec::new();
        }
        let mut lines: Vec<String> = text
            .split(|octet| *octet == b'\n')
            .map(|line| shown(line.strip_suffix(b"\r").unwrap_or(line)))
            .collect();
        if self.cut && lines.len() > 1 {
            lines.remove(0);
        }
        lines.split_off(lines.len().saturating_sub(most))
    }
}

/// A line that its writer chose, fit to be shown.
fn shown(line: &[u8]) -> String {
    let text = escape::line(&escape::octets(line)).into_owned();
    match text.char_indices().nth(MAX_LINE) {
        None => text,
        Some((at, _)) => format!("{} ...", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(says: Option<&str>) -> Tail {
        Tail::new(says.map(str::to_owned))
    }

    #[test]
    fn the_last_lines_are_kept_and_fit_to_be_shown() {
        let mut tail = tail(None);
        assert!(tail.lines(9).is_empty());
        tail.take(b"one\r\ntwo \x1b[31mred\xff\nthr");
        tail.take(b"ee");
        assert_eq!(tail.lines(9), ["one", r"two \x1b[31mred\xff", "three"]);
        assert_eq!(tail.lines(1), ["three"]);
        tail.take(b"\n");
        assert_eq!(tail.lines(1), ["three"]);
    }

    #[test]
    fn a_flood_stays_within_its_bounds() {
        let mut tail = tail(Some("never"));
        for n in 0..20_000 {
            tail.take(format!("line {n}\n").as_bytes());
        }
        assert!(tail.last.len() <= MAX_TAIL);
        let lines = tail.lines(usize::MAX);
        assert_eq!(lines.last().map(String::as_str), Some("line 19999"));
        assert!(
            lines.iter().all(|line| line.starts_with("line ")),
            "{:?}",
            lines.first()
        );
        tail.take(&vec![b'x'; 1 << 20]);
        assert!(tail.line.len() <= MAX_LOOK);
        assert!(tail.lines(9)[0].len() <= MAX_LINE + 4);
    }

    #[test]
    fn the_line_is_found_however_it_is_cut() {
        let mut one = tail(Some("listening on *:80"));
        assert!(!one.take(b"12:00 Liste\nlisten") && !one.take(b"ing on h:"));
        assert!(one.take(b"80"), "it need not end");
        assert!(!one.take(b"\nlistening on h:80\n"), "it is told once");
        assert!(tail(Some("ready")).take(b"server is ready.\n"));
        assert!(!tail(Some("ready")).take(b"rea\ndy\n"));
    }

    #[test]
    fn a_file_is_bounded_and_one_that_is_temporary_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let output = Output::create(&path).expect("a file");
        output.note("begins");
        let piece = vec![b'x'; 1 << 20];
        (0..17).for_each(|_| output.clone().write(&piece));
        drop(output);
        let text = fs::read(&path).expect("the file");
        assert!(text.starts_with(b"[wsspec] begins\nxxx"));
        assert!(text.ends_with(b"x\n[wsspec] 1048592 more octets are left out\n"));
        assert!(text.len() < (MAX_FILE as usize) + 100);

        let (gone, kept) = (
            Output::temporary().expect("a file"),
            Output::temporary().expect("a file"),
        );
        let paths = [gone.path().to_owned(), kept.path().to_owned()];
        assert!(paths.iter().all(|path| path.is_file()) && paths[0] != paths[1]);
        kept.keep();
        drop((gone, kept));
        assert!(!paths[0].exists() && paths[1].exists());
        fs::remove_file(&paths[1]).expect("it is there");
    }
}
