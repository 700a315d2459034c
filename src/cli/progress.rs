//! What is seen while a run lasts: a line that moves, on a terminal; and what is told, on standard output or beside it.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::Page;

/// A run as it goes on.
pub struct Progress {
    bar: ProgressBar,
    /// Standard output is for a report: what is told goes to standard error.
    to_stderr: bool,
    page: Page,
}

impl Progress {
    /// Nothing is known yet.
    pub fn new(what: &str, to_stderr: bool) -> Progress {
        // indicatif draws on a terminal alone; `NO_COLOR` it leaves to console, which heeds it.
        let bar = match io::stderr().is_terminal() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)),
            false => ProgressBar::hidden(),
        };
        bar.set_style(style("{spinner} {msg}"));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        let page = match to_stderr {
            true => Page::PIPE,
            false => Page::stdout(),
        };
        Progress {
            bar,
            to_stderr,
            page,
        }
    }

    /// What is told is laid out for this page.
    pub fn page(&self) -> Page {
        self.page
    }

    /// So many cases are going to run.
    pub fn begin(&self, cases: usize) {
        self.bar.set_length(cases as u64);
        self.bar
            .set_style(style("{spinner} [{bar:30}] {pos}/{len} {msg}"));
        self.bar.set_message("");
    }

    /// A case is judged; so many have failed so far.
    pub fn step(&self, failed: usize) {
        self.bar.inc(1);
        if failed > 0 {
            self.bar.set_message(format!("{failed} failed"));
        }
    }

    /// Tells something that stays. A reader who went away is no failure.
    pub fn tell(&self, text: &str) {
        self.bar.suspend(|| {
            let _ = match self.to_stderr {
                true => write(&mut io::stderr().lock(), text),
                false => write(&mut io::stdout().lock(), text),
            };
        });
    }

    /// The run is over.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

fn style(template: &str) -> ProgressStyle {
    // The templates above are sound.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
