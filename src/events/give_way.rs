//! Order of what an event wakes: what brings it to somebody who waits comes before what is worked out from it.

/// From its wake-up on, a delivery is on its way after so many turns of its tasks: it is read, worded, handed to the
/// connection and written.
const TURNS: usize = 4;

/// Lets the tasks that were woken together with this one have some turns first. Costs nothing where there are none.
pub async fn give_way() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::{sync::watch, task::JoinSet};

    use super::*;

    #[tokio::test]
    async fn who_gives_way_comes_last_however_the_tasks_were_woken() {
        let (newest, wake) = watch::channel(0);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for is_delivery in [false, true, false, true] {
            let (mut wake, order) = (wake.clone(), order.clone());
            tasks.spawn(async move {
                wake.changed().await.unwrap();
                if is_delivery {
                    for _ in 1..TURNS {
                        tokio::task::yield_now().await;
                    }
                } else {
                    give_way().await;
                }
                order.lock().unwrap().push(is_delivery);
            });
        }
        tokio::task::yield_now().await;
        newest.send_replace(1);
        tasks.join_all().await;
        assert_eq!(*order.lock().unwrap(), [true, true, false, false]);
    }
}
