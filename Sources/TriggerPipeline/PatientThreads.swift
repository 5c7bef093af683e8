internal import Glibc

/// Makes what `body` makes. Where `isWanted`, the threads that begin meanwhile are of Linux's
/// policy SCHED_BATCH: a thread that wakes does not interrupt another that computes on its
/// processor, and takes its turn when that one sleeps or has had its share.
///
/// For ZeroMQ's threads beside the pipeline of one thread, which they share a processor with. Else
/// each record that goes out is an interruption, and each few kilobytes that come in. Where the
/// system refuses, the threads are as they would be otherwise.
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
