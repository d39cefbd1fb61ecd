//! The rules of the sharded service: what keeps one copy of each shard, whoever moves it and whatever fails.

use crate::Rule;

/// Numbers.
pub(super) const SK1: Rule = Rule {
    id: "SK1",
    title: "a step of an earlier configuration is refused",
    place: "Lab 5, part 5C",
    text: "a group that has done a step of a move of a shard refuses the steps of earlier configurations",
    why: "The step comes from a controller that is late. The shard has come or gone since: its keys would be \
          frozen, replaced by old ones, or deleted.",
    mistake: "Freeze, install or delete does not compare the numbers; or the number is not in the snapshot.",
    cure: "Remember the highest number for each shard, in the replicated state. Refuse lower ones.",
};

/// Frozen means frozen.
pub(super) const SK2: Rule = Rule {
    id: "SK2",
    title: "a frozen shard is not served",
    place: "Lab 5, part 5A",
    text: "a group that has given out the keys of a shard does no request for them, unless a later \
           configuration gives the shard back",
    why: "The new owner may serve the shard already. A get would find what was there before, and a put would \
          be lost.",
    mistake: "Only the delete ends the service; or gets are done from a frozen shard; or the flag is not \
              in the snapshot.",
    cure: "Answer \"wrong group\" to gets and puts alike, from the freeze on, also after a restart.",
};

/// First install, then delete.
pub(super) const SK3: Rule = Rule {
    id: "SK3",
    title: "the old owner deletes a shard when the new one has it",
    place: "Lab 5, part 5A",
    text: "a shard is deleted by a configuration when it was installed by that configuration",
    why: "If the controller ends in between, nobody has the keys any more.",
    mistake: "The controller deletes the shard when it has the keys in its hand.",
    cure: "Freeze, install, delete: each when the one before was answered.",
};

/// A change ends.
pub(super) const SK4: Rule = Rule {
    id: "SK4",
    title: "a shard that is frozen is installed",
    place: "Lab 5, part 5B",
    text: "a shard that a group has given up is installed at its next owner, by the controller that froze \
           it or by the next one",
    why: "Until then nobody serves the shard, and its clients wait.",
    mistake: "A freeze that comes a second time is refused, so that nobody gets the keys; or the next \
              controller does not take the change up; or the controller gives up a group that is down.",
    cure: "Announce a configuration before its first move, and have init do all of it again. A step that was \
           done is answered as before.",
};

/// Ask again.
pub(super) const SK5: Rule = Rule {
    id: "SK5",
    title: "a clerk that is told \"wrong group\" reads the configuration again",
    place: "Lab 5, the clerk",
    text: "a clerk whose request was refused as one for another group asks the controller for that group",
    why: "The shard has moved. The old owner refuses for ever.",
    mistake: "The configuration is read once, when the clerk is made, or when no server answers.",
    cure: "Read the present configuration after each refusal, and pause if it is the same.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&SK1, &SK2, &SK3, &SK4, &SK5]
}
