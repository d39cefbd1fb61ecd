//! [`LoggedAppendClerk`]: a solution's clerk whose operations are recorded.

use std::sync::Arc;

use labapi::AppendClerk;

use crate::key_value::{OperationLog, ServiceModel};
use crate::linearizability::{Text, TextInput, TextOutput};

/// A clerk that records each operation.
struct LoggedAppendClerk {
    clerk: Arc<dyn AppendClerk>,
    log: OperationLog<Text>,
}

impl ServiceModel for Text {
    type Clerk = dyn AppendClerk;

    fn logged(clerk: Arc<dyn AppendClerk>, log: OperationLog<Self>) -> Arc<dyn AppendClerk> {
        Arc::new(LoggedAppendClerk { clerk, log })
    }
}

impl LoggedAppendClerk {
    /// Records a put or an append around its call.
    fn change(&self, what: &str, input: TextInput, call: impl FnOnce(&dyn AppendClerk)) {
        self.log.call(input);
        call(&*self.clerk);
        self.log.count_change();
        self.log.ret(what, true, TextOutput::Done);
    }
}

impl AppendClerk for LoggedAppendClerk {
    fn get(&self, key: &str) -> String {
        self.log.call(TextInput::Get { key: key.into() });
        let answer = self.clerk.get(key);
        self.log.ret("get", false, TextOutput::Value(answer.as_str().into()));
        answer
    }

    fn put(&self, key: &str, value: &str) {
        let input = TextInput::Put { key: key.into(), value: value.into() };
        self.change("put", input, |clerk| clerk.put(key, value));
    }

    fn append(&self, key: &str, value: &str) {
        let input = TextInput::Append { key: key.into(), value: value.into() };
        self.change("append", input, |clerk| clerk.append(key, value));
    }
}
