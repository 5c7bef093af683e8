internal import Glibc

/// Returns the value of `body`. Where `isWanted`, the threads that begin meanwhile have Linux's
/// policy SCHED_BATCH: a thread that wakes does not interrupt another that computes on its
/// processor, but waits until that one sleeps or has had its share.
///
/// For ZeroMQ's threads, which share a processor with the pipeline of one thread. Otherwise each
/// record that goes out and each few kilobytes that come in would interrupt it. Where the system
/// refuses, the threads keep the usual policy.
func makingPatientThreads<Made>(
  _ isWanted: Bool, _ body: () throws -> Made
) rethrows -> Made {
  let batchPolicy: CInt = 3
  // A new thread has the policy of the one that makes it.
  var parameters = sched_param()
  guard isWanted, sched_getscheduler(0) == SCHED_OTHER,
    sched_setscheduler(0, batchPolicy, &parameters) == 0
  else { return try body() }
  defer { _ = sched_setscheduler(0, SCHED_OTHER, &parameters) }
  return try body()
}
