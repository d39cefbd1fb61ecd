//! [`LoggedClerk`]: a solution's clerk of a service with versions, whose operations are recorded.

use std::sync::Arc;

use labapi::{Clerk, PutError, Version, Versioned};

use super::{OperationLog, ServiceModel};
use crate::linearizability::{KeyValue, KeyValueInput, KeyValueOutput};

/// A clerk that records each operation.
struct LoggedClerk {
    clerk: Arc<dyn Clerk>,
    log: OperationLog<KeyValue>,
}

impl ServiceModel for KeyValue {
    type Clerk = dyn Clerk;

    fn logged(clerk: Arc<dyn Clerk>, log: OperationLog<Self>) -> Arc<dyn Clerk> {
        Arc::new(LoggedClerk { clerk, log })
    }
}

impl Clerk for LoggedClerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        self.log.call(KeyValueInput::Get { key: key.into() });
        let answer = self.clerk.get(key);
        let output = match &answer {
            Some(Versioned { value, version }) => {
                KeyValueOutput::Value { value: value.as_str().into(), version: version.0 }
            }
            None => KeyValueOutput::NoKey,
        };
        self.log.ret("get", false, output);
        answer
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        self.log.call(KeyValueInput::Put { key: key.into(), value: value.into(), version: version.0 });
        let answer = self.clerk.put(key, value, version);
        if matches!(answer, Ok(()) | Err(PutError::Maybe)) {
            self.log.count_change();
        }
        self.log.ret("put", answer.is_ok(), put_output(answer));
        answer
    }
}

/// The answer of a put as it is recorded.
pub(crate) fn put_output(answer: Result<(), PutError>) -> KeyValueOutput {
    match answer {
        Ok(()) => KeyValueOutput::Done,
        Err(PutError::NoKey) => KeyValueOutput::NoKey,
        Err(PutError::Version) => KeyValueOutput::WrongVersion,
        Err(PutError::Maybe) => KeyValueOutput::Maybe,
    }
}
