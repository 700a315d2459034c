//! The rows below a case: columns, and one case for each row.

use std::ops::Range;

use super::{
    bind::{Cells, Raw},
    document::{MAX_CASES, MAX_COLUMNS},
    fault::{Fault, KEYS, shown},
    lint::Remark,
};

type Local = (Range<usize>, Fault);

/// All rows of a case.
pub(super) struct Table<'a> {
    /// Names, and where they stand.
    pub columns: Vec<(&'a str, Range<usize>)>,
    pub rows: Vec<Row<'a>>,
}

/// One row: its first cell, and all of them by column.
#[derive(Clone, Debug, Default)]
pub(super) struct Row<'a> {
    pub key: Range<usize>,
    pub cells: Cells<'a>,
}

impl<'a> Table<'a> {
    /// Reads the lines that begin with a bar; `None` where there are none. A row that cannot be read is
    /// told in `faults` and left out.
    pub fn read(
        text: &'a str,
        raw: &[Raw],
        faults: &mut Vec<Local>,
    ) -> Result<Option<Table<'a>>, Local> {
        let Some((head, rows)) = raw.split_first() else {
            return Ok(None);
        };
        let columns = columns(text, head)?;
        if rows.is_empty() {
            return Err((head.span.clone(), Fault::NoRows));
        }
        // One more than there may be is enough to see that there are too many.
        let rows = rows.iter().take(MAX_CASES + 1).filter_map(|raw| {
            let read = cells(text, raw).and_then(|cells| match cells.len() == columns.len() {
                true => Ok(cells),
                false => {
                    let (expected, found) = (columns.len(), cells.len());
                    Err((raw.span.clone(), Fault::RowCells { expected, found }))
                }
            });
            let cells = read.map_err(|told| faults.push(told)).ok()?;
            let key = cells.first()?.clone();
            let cells = columns.iter().map(|(name, _)| *name).zip(cells).collect();
            Some(Row { key, cells })
        });
        let rows = rows.collect();
        Ok(Some(Table { columns, rows }))
    }

    /// The columns that neither a line names nor a key of the case is; the first is in the id.
    pub fn unused(&self, body: &[&str]) -> Vec<(Range<usize>, Remark)> {
        let used = |name: &str| {
            let placeholder = format!("{{{name}}}");
            KEYS.contains(&name) || body.iter().any(|line| line.contains(&placeholder))
        };
        let unused = self.columns.iter().skip(1).filter(|(name, _)| !used(name));
        unused
            .map(|(name, span)| (span.clone(), Remark::UnusedColumn(name.to_string())))
            .collect()
    }
}

fn columns<'a>(text: &'a str, head: &Raw) -> Result<Vec<(&'a str, Range<usize>)>, Local> {
    let cells = cells(text, head)?;
    if cells.len() > MAX_COLUMNS {
        return Err((
            head.span.clone(),
            Fault::TooMany {
                what: "columns",
                most: MAX_COLUMNS,
            },
        ));
    }
    let mut columns: Vec<(&str, Range<usize>)> = Vec::with_capacity(cells.len());
    for span in cells {
        let name = &text[span.clone()];
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() {
            return Err((head.span.clone(), Fault::ColumnName(shown(name))));
        }
        if !name.chars().all(plain) {
            return Err((span, Fault::ColumnName(shown(name))));
        }
        if columns.iter().any(|(other, _)| *other == name) {
            return Err((span, Fault::RepeatedColumn(name.into())));
        }
        columns.push((name, span));
    }
    Ok(columns)
}

/// The first cell completes an id, which people type in a shell.
pub(super) fn is_key(key: &str) -> bool {
    let fit = |c: char| c.is_ascii_alphanumeric() || "._+=-".contains(c);
    !key.is_empty() && key.len() <= 64 && key.chars().all(fit)
}

/// The cells of a row, without the blanks around them.
fn cells(text: &str, row: &Raw) -> Result<Vec<Range<usize>>, Local> {
    if row.indent != 2 {
        return Err((row.span.clone(), Fault::indent(2, row.indent)));
    }
    let line = &text[row.span.clone()];
    // The first character is the bar that made it a row.
    let Some(inner) = line[1..].strip_suffix('|') else {
        return Err((row.span.end..row.span.end, Fault::RowEnd));
    };
    let mut at = row.span.start + 1;
    let cell = |cell: &str| {
        let start = at + (cell.len() - cell.trim_start_matches(' ').len());
        at += cell.len() + 1;
        start..start + cell.trim_matches(' ').len()
    };
    Ok(inner.split('|').map(cell).collect())
}
