//! [`Tree`]: the texts that were read, each taken apart into the put and the appends that made it.
//!
//! A text is the initial one, which is empty, or the value of a put, and then the values of appends. Two
//! texts that begin alike share the beginning of their paths. Texts are taken apart in alphabetical order, so
//! what is known of a text is used for the next one as far as both are the same. So the values of the
//! operations are found once for each text that is not the beginning of another one, however often they are
//! read.

use crate::by_prefix::{Labelled, common, sort_by_prefix};
use crate::pieces::Pieces;

/// A text, by the operation that made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The put or append; `None` for the initial text.
    pub op: Option<usize>,
    /// The text that the append was added to. `None` for the initial text and that of a put.
    pub parent: Option<usize>,
    /// The node after the last one below this one.
    pub end: usize,
    /// Another text that was made by the same operation, as no history with an order has it.
    pub another: Option<usize>,
    /// The last call of the operations that made it.
    pub last_call: usize,
}

/// The texts that were read, and those on the way to them.
///
/// The nodes below node `n` are those from `n + 1` to `n.end - 1`. Node 0 is the initial text.
#[derive(Debug)]
pub(crate) struct Tree {
    pub nodes: Vec<Node>,
    /// For each operation: a node that it made.
    pub made: Vec<Option<usize>>,
}

/// For each read, by its operation: the node of its answer. `None` if no operations can have made that.
pub(crate) type Found = Vec<(usize, Option<usize>)>;

/// A text that can be taken apart in several ways.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

/// A place in the present text up to which it can be taken apart.
struct Place {
    at: usize,
    /// Whether there are several ways.
    is_ambiguous: bool,
    /// The last piece: its operation, and whether that is a put.
    last: Option<(usize, bool)>,
    /// The place before the last piece.
    from: usize,
    /// The pieces that begin here, or at an earlier place, depend on no byte after this one.
    looked: usize,
    node: Option<usize>,
}

/// The texts so far, not yet in the order of the tree.
struct Growing<'p, 'a> {
    pieces: &'p Pieces<'a>,
    /// In ascending order.
    places: Vec<Place>,
    /// Operation and parent of each node.
    nodes: Vec<(Option<usize>, Option<usize>)>,
}

impl Tree {
    /// Takes apart `texts`, the answers of reads.
    ///
    /// `calls` has the calls of all operations.
    ///
    /// # Errors
    ///
    /// If there is a text that can be taken apart in several ways.
    pub fn new(
        pieces: &Pieces<'_>,
        mut texts: Vec<Labelled<'_>>,
        calls: &[usize],
    ) -> Result<(Self, Found), Ambiguous> {
        sort_by_prefix(&mut texts);
        let beginning =
            Place { at: 0, is_ambiguous: false, last: None, from: 0, looked: usize::MAX, node: Some(0) };
        let mut growing = Growing { pieces, places: vec![beginning], nodes: vec![(None, None)] };
        let mut before: &[u8] = &[];
        let mut found = Vec::with_capacity(texts.len());
        for (text, op) in texts {
            found.push((op, growing.take_apart(text, common(before, text))?));
            before = text;
        }
        let (tree, numbers) = in_order(&growing.nodes, calls);
        for (_, node) in &mut found {
            *node = node.map(|node| numbers[node]);
        }
        Ok((tree, found))
    }

    /// Whether `below` is `node` or below it.
    pub fn contains(&self, node: usize, below: usize) -> bool {
        (node..self.nodes[node].end).contains(&below)
    }

    /// All nodes that an operation made.
    pub fn made_by(&self, op: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.made[op], |&node| self.nodes[node].another)
    }

    /// A node, and those that it was made from, back to the initial text or a put's.
    pub fn path_back(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(node), |&node| self.nodes[node].parent)
    }

    /// The texts that were made from that of `node` by one operation.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes[node].end;
        let is_child = move |child: usize| (child < end).then_some(child);
        std::iter::successors(is_child(node + 1), move |&child| is_child(self.nodes[child].end))
    }
}

impl Growing<'_, '_> {
    /// The node of `text`, which shares `shared` bytes with the text before.
    fn take_apart(&mut self, text: &[u8], shared: usize) -> Result<Option<usize>, Ambiguous> {
        while self.places.last().is_some_and(|place| place.at > shared) {
            self.places.pop();
        }
        // From these places on, pieces may lead past what both texts share.
        let mut place = self.places.partition_point(|place| place.looked < shared);
        while place < self.places.len() {
            self.continue_from(place, text, shared);
            place += 1;
        }
        match self.places.last() {
            Some(last) if last.at == text.len() && last.is_ambiguous => Err(Ambiguous),
            Some(last) if last.at == text.len() => Ok(Some(self.node(self.places.len() - 1))),
            _ => Ok(None),
        }
    }

    /// Adds the places after `shared` to which one piece leads from a place.
    fn continue_from(&mut self, from: usize, text: &[u8], shared: usize) {
        let Place { at, is_ambiguous, .. } = self.places[from];
        let pieces = self.pieces;
        let (pieces, looked) = pieces.at_the_beginning_of(&text[at..]);
        for piece in pieces.filter(|piece| at == 0 || !piece.is_put) {
            let to = at + piece.text.len();
            // The text before led there, too.
            if to <= shared {
                continue;
            }
            let next = self.places.partition_point(|place| place.at < to);
            match self.places.get_mut(next) {
                Some(place) if place.at == to => place.is_ambiguous = true,
                _ => {
                    let last = Some((piece.op, piece.is_put));
                    let place = Place { at: to, is_ambiguous, last, from, looked: 0, node: None };
                    // No place before this one came from a later one.
                    self.places.insert(next, place);
                }
            }
        }
        let earlier = from.checked_sub(1).map_or(0, |earlier| self.places[earlier].looked);
        self.places[from].looked = earlier.max(at + looked);
    }

    /// The node of the text up to a place to which one way leads.
    fn node(&mut self, place: usize) -> usize {
        let mut ahead = Vec::new();
        let mut at = place;
        while self.places[at].node.is_none() {
            ahead.push(at);
            at = self.places[at].from;
        }
        let mut node = self.places[at].node.unwrap_or_default();
        for at in ahead.into_iter().rev() {
            let (op, is_put) = self.places[at].last.unzip();
            self.nodes.push((op, if is_put == Some(true) { None } else { Some(node) }));
            node = self.nodes.len() - 1;
            self.places[at].node = Some(node);
        }
        node
    }
}

/// The tree of these nodes, where each comes after its parent, and the number of each in it.
fn in_order(nodes: &[(Option<usize>, Option<usize>)], calls: &[usize]) -> (Tree, Vec<usize>) {
    // How many nodes there are from each one down.
    let mut sizes = vec![1; nodes.len()];
    for (node, &(_, parent)) in nodes.iter().enumerate().rev() {
        if let Some(parent) = parent {
            sizes[parent] += sizes[node];
        }
    }
    // The number of the next child of each node.
    let mut next_child = vec![0; nodes.len()];
    let mut next_root = 0;
    let mut numbers = Vec::with_capacity(nodes.len());
    let none = Node { op: None, parent: None, end: 0, another: None, last_call: 0 };
    let mut tree = Tree { nodes: vec![none; nodes.len()], made: vec![None; calls.len()] };
    for (node, &(op, parent)) in nodes.iter().enumerate() {
        let next = parent.map_or(&mut next_root, |parent| &mut next_child[parent]);
        let number = *next;
        *next += sizes[node];
        next_child[node] = number + 1;
        numbers.push(number);
        let parent = parent.map(|parent| numbers[parent]);
        let before = parent.map_or(0, |parent| tree.nodes[parent].last_call);
        let last_call = op.map_or(before, |op| before.max(calls[op]));
        let another = op.and_then(|op| tree.made[op].replace(number));
        tree.nodes[number] = Node { op, parent, end: number + sizes[node], another, last_call };
    }
    (tree, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operations that made each text, of which the first `puts` are puts.
    fn taken_apart(
        values: &[&str],
        puts: usize,
        texts: &[&str],
    ) -> Result<Vec<Option<Vec<usize>>>, Ambiguous> {
        let pieces = Pieces::new(values.iter().zip(0..).map(|(value, op)| (*value, op, op < puts)));
        let texts: Vec<Labelled<'_>> = texts.iter().map(|text| text.as_bytes()).zip(0..).collect();
        let calls: Vec<usize> = (0..values.len()).collect();
        let (tree, mut found) = Tree::new(&pieces, texts, &calls)?;
        found.sort_unstable();
        let path = |node: usize| {
            for above in tree.path_back(node) {
                assert!(tree.contains(above, node));
                let op = tree.nodes[above].op;
                assert!(op.is_none_or(|op| tree.made_by(op).any(|made| made == above)));
                let parent = tree.nodes[above].parent;
                assert!(parent.is_none_or(|parent| tree.children(parent).any(|child| child == above)));
            }
            let mut path: Vec<usize> = tree.path_back(node).filter_map(|node| tree.nodes[node].op).collect();
            assert_eq!(tree.nodes[node].last_call, path.iter().copied().max().unwrap_or_default());
            path.reverse();
            path
        };
        Ok(found.into_iter().map(|(_, node)| node.map(path)).collect())
    }

    #[test]
    fn texts_are_taken_apart_into_a_put_and_appends() {
        let found = taken_apart(
            &["p", "q1", "1", "10", "2", "0x"],
            2,
            &["", "p", "q1", "1", "q110", "q1102", "10", "p1p", "p112", "3", "q10", "p10x", "1p", "p10x2"],
        );
        let expected = [
            Some(vec![]),
            Some(vec![0]),
            Some(vec![1]),
            Some(vec![2]),
            Some(vec![1, 3]),
            Some(vec![1, 3, 4]),
            Some(vec![3]),
            None,
            Some(vec![0, 2, 2, 4]),
            None,
            None,
            Some(vec![0, 2, 5]),
            None,
            Some(vec![0, 2, 5, 4]),
        ];
        assert_eq!(found, Ok(expected.to_vec()));
    }

    #[test]
    fn a_text_of_which_the_pieces_are_not_known_is_ambiguous() {
        // Only if it was read.
        let values = ["p", "a", "b", "ab", "a"];
        assert_eq!(
            taken_apart(&values, 1, &["p", "pb", "b"]),
            Ok(vec![Some(vec![0]), Some(vec![0, 2]), Some(vec![2])])
        );
        for text in ["pa", "a", "pab", "bab", "abb"] {
            assert_eq!(taken_apart(&values, 1, &["", text]), Err(Ambiguous), "{text}");
        }
        assert_eq!(taken_apart(&values[..4], 1, &["ab"]), Err(Ambiguous));
        // A put is never in the middle of a text.
        assert_eq!(taken_apart(&["b", "a", "ab", "b"], 1, &["aab"]), Err(Ambiguous));
        assert_eq!(taken_apart(&["b", "a", "ab"], 1, &["aab"]), Ok(vec![Some(vec![1, 2])]));
    }

    /// All texts of two letters, taken apart at once, are what each is by itself.
    #[test]
    fn a_text_is_taken_apart_alike_whatever_others_there_are() {
        let values = ["b", "aab", "ab", "aaa", "bb", "aabab"];
        let mut texts = vec![String::new()];
        for position in 0..511 {
            texts.extend(["a", "b"].map(|letter| format!("{}{letter}", texts[position])));
        }
        let one = |text: &String| taken_apart(&values, 2, &[text]).map(|found| found[0].clone());
        texts.retain(|text| one(text).is_ok());
        let alone: Result<Vec<_>, _> = texts.iter().map(one).collect();
        assert!(texts.len() > 100 && alone.iter().flatten().flatten().count() > 50);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(taken_apart(&values, 2, &texts), alone);
    }
}
