//! A token bucket.

use chrono::{DateTime, TimeDelta, Utc};

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;
/// A call that takes more than a day's worth is counted as one of a day.
const DAY: i64 = 24 * 60 * MINUTE;

/// A bucket that holds what a minute allows and is refilled evenly. It is kept as the moment at which it
/// will be full again (the generic cell rate algorithm of ITU-T I.371): that needs no refilling, and
/// nothing is rounded away however often it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Full from then on.
    pub full_at: DateTime<Utc>,
}

impl Bucket {
    /// How long until so much may be taken. More than the bucket holds goes when it is full.
    pub(super) fn wait(self, amount: i64, per_minute: u32, now: DateTime<Utc>) -> TimeDelta {
        let minute = TimeDelta::microseconds(MINUTE);
        let missing = (self.full_at - now).max(TimeDelta::zero());
        missing + time_for(amount, per_minute).min(minute) - minute
    }

    /// Takes so much, also more than there is.
    pub(super) fn take(&mut self, amount: i64, per_minute: u32, now: DateTime<Utc>) {
        self.full_at = self.full_at.max(now) + time_for(amount, per_minute);
    }

    /// Puts back what was not needed.
    pub(super) fn give_back(&mut self, amount: i64, per_minute: u32) {
        self.full_at -= time_for(amount, per_minute);
    }
}

/// How long so much takes to come back.
fn time_for(amount: i64, per_minute: u32) -> TimeDelta {
    let micros = amount.saturating_mul(MINUTE).checked_div(i64::from(per_minute)).unwrap_or_default();
    TimeDelta::microseconds(micros.min(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_768_478_400_000 + millis).unwrap()
    }

    fn take(bucket: &mut Bucket, amount: i64, per_minute: u32, millis: i64) -> i64 {
        let wait = bucket.wait(amount, per_minute, at(millis)).num_milliseconds();
        if wait <= 0 {
            bucket.take(amount, per_minute, at(millis));
        }
        wait.max(0)
    }

    #[test]
    fn it_holds_a_minute_and_is_refilled_evenly() {
        let mut bucket = Bucket { full_at: at(0) };
        for _ in 0..60 {
            assert_eq!(take(&mut bucket, 1, 60, 0), 0);
        }
        assert_eq!(take(&mut bucket, 1, 60, 0), 1_000);
        assert_eq!(take(&mut bucket, 1, 60, 999), 1);
        assert_eq!(take(&mut bucket, 1, 60, 1_000), 0);
        assert_eq!(take(&mut bucket, 2, 60, 1_500), 1_500);
        // However long nobody came, it holds no more than a minute.
        assert_eq!(take(&mut bucket, 60, 60, 600_000), 0);
        assert_eq!(take(&mut bucket, 1, 60, 600_000), 1_000);
    }

    #[test]
    fn more_than_it_holds_goes_when_it_is_full_and_is_paid_off() {
        let mut bucket = Bucket { full_at: at(0) };
        assert_eq!(take(&mut bucket, 1, 100, 0), 0);
        assert_eq!(take(&mut bucket, 1_000, 100, 0), 600);
        assert_eq!(take(&mut bucket, 1_000, 100, 600), 0);
        assert_eq!(take(&mut bucket, 100, 100, 600), 600_000);
        assert_eq!(take(&mut bucket, 100, 100, 600_600), 0);
    }

    #[test]
    fn without_a_limit_it_never_waits() {
        let mut bucket = Bucket { full_at: at(0) };
        for _ in 0..1_000 {
            assert_eq!(take(&mut bucket, i64::MAX, 0, 0), 0);
        }
        assert_eq!(bucket.full_at, at(0));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let mut bucket = Bucket { full_at: at(0) };
        take(&mut bucket, 100, 100, 0);
        bucket.give_back(40, 100);
        assert_eq!(take(&mut bucket, 41, 100, 0), 600);
        assert_eq!(take(&mut bucket, 40, 100, 0), 0);
        // What comes back when it is full again is not needed.
        bucket.give_back(1_000, 100);
        assert_eq!(take(&mut bucket, 100, 100, 0), 0);
        assert_eq!(take(&mut bucket, 1, 100, 0), 600);
    }
}
