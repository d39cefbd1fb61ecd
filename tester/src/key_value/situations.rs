//! The situations of a key/value service. `rules/observed.rs` observes them.

use crate::situation::Situation;

pub(in crate::key_value) const REQUEST_SENT_AGAIN: Situation =
    Situation::new("request_sent_again", "a clerk sends its request again");
pub(in crate::key_value) const PUT_OF_UNKNOWN_OUTCOME_DONE: Situation = Situation::new(
    "put_of_unknown_outcome_done",
    "a put was done, and its clerk, which has not been told, sends it again",
);
pub(in crate::key_value) const RETRY_MET_ITS_OWN_EFFECT: Situation = Situation::new(
    "retry_met_its_own_effect",
    "a put is refused for its version because an earlier transmission was done",
);
pub(in crate::key_value) const REQUEST_AFTER_ITS_END: Situation = Situation::new(
    "request_after_its_end",
    "a request reaches a server after the operation that it belongs to has returned",
);
pub(in crate::key_value) const PUTS_OVER_ONE_VERSION: Situation = Situation::new(
    "puts_over_one_version",
    "two clients put over the same version of a key at the same time",
);
pub(in crate::key_value) const OPERATION_IN_DOUBT: Situation =
    Situation::new("operation_in_doubt", "a client is told that its put may have been done");
pub(in crate::key_value) const NEW_LEADER_IN_AN_OPERATION: Situation = Situation::new(
    "new_leader_in_an_operation",
    "another server becomes leader between a request and the end of its operation",
);
pub(in crate::key_value) const ANOTHER_SERVER_ASKED: Situation = Situation::new(
    "another_server_asked",
    "a clerk asks another server than the one before, which has received the request and not answered it",
);

/// Those of a service on one server.
pub(crate) fn on_one_server() -> Vec<&'static Situation> {
    vec![
        &REQUEST_SENT_AGAIN,
        &PUT_OF_UNKNOWN_OUTCOME_DONE,
        &RETRY_MET_ITS_OWN_EFFECT,
        &REQUEST_AFTER_ITS_END,
        &PUTS_OVER_ONE_VERSION,
        &OPERATION_IN_DOUBT,
    ]
}

/// Those of a service on several servers.
pub(crate) fn on_several_servers() -> Vec<&'static Situation> {
    [on_one_server(), vec![&NEW_LEADER_IN_AN_OPERATION, &ANOTHER_SERVER_ASKED]].concat()
}
