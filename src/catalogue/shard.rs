//! A run divided: `--shard K/N`.

use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::case::Case;

/// The cases of shard `number` (from 1) of `of`, in their order. To which shard a case belongs follows from its id alone: it
/// stays there whatever is selected or added.
pub fn shard<'c>(
    cases: impl IntoIterator<Item = &'c Arc<Case>>,
    number: u64,
    of: u64,
) -> Vec<Arc<Case>> {
    let ours = |case: &&Arc<Case>| in_shard(&case.id, number, of);
    cases.into_iter().filter(ours).cloned().collect()
}

/// Whether the case with this id belongs to shard `number` (from 1) of `of`.
pub fn in_shard(id: &str, number: u64, of: u64) -> bool {
    let digest = Sha1::digest(id);
    let first = digest.iter().take(8);
    let hash = first.fold(0, |hash, octet| hash << 8 | u64::from(*octet));
    hash.checked_rem(of).is_some_and(|at| at + 1 == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn shards_part_the_cases_by_their_ids_alone() {
        let catalogue = Catalogue::embedded().expect("it is right");
        let all = catalogue.entries().len();
        for of in [1, 2, 3, 8] {
            let shards = (1..=of).map(|number| shard(catalogue.cases(), number, of));
            let shards: Vec<_> = shards.collect();
            assert_eq!(shards.iter().map(Vec::len).sum::<usize>(), all);
            for shard in &shards {
                let fair = all as u64 / of;
                let off = (shard.len() as u64).abs_diff(fair);
                assert!(off * 3 < fair, "{} of {all} in {of}", shard.len());
            }
        }
        // Written down, so that a case never moves between shards of one division.
        let ids = [
            "control/ping/empty",
            "close/codes/code[1005]",
            "utf8/valid/characters",
        ];
        let places = ids.map(|id| (1..=8).find(|number| in_shard(id, *number, 8)));
        assert_eq!(places, [Some(2), Some(5), Some(1)]);
        for (number, of) in [(0, 4), (5, 4), (1, 0), (0, 0)] {
            assert!(shard(catalogue.cases(), number, of).is_empty());
        }
    }
}
