import Synchronization

/// How many threads a kind of small job is given: all, or one where that has been quicker.
///
/// Threads that meet many times within a job of some hundred microseconds can be slower together
/// than one alone: between cores that are far apart, or where other programs take turns on them.
/// Neither can be known ahead, and both change while a program runs. So now and then a few jobs are
/// run the other way, and the quicker way is kept; it has no say in their results.
public final class TeamSize: Sendable {
  fileprivate struct State {
    var usesAll = true
    var isTrial = false
    /// Jobs until a trial begins or ends.
    var left = TeamSize.firstTrial
    /// Jobs between this trial and the next.
    var pause = TeamSize.firstTrial
    /// Seconds and jobs of what is measured now, and the mean of what it is compared with.
    var seconds = 0.0
    var jobs = 0
    var usual = 0.0
  }

  private let threads: Int
  private let state = Mutex(State())

  /// Jobs before the first trial, those of a trial, and the longest pause between two.
  private static let firstTrial = 32
  private static let trial = 16
  private static let longestPause = 4096
  /// Of jobs that take longer than this a few are enough to tell.
  private static let longJob = 0.005
  private static let longTrial = 2
  /// What a trial must take less than, as a share of the usual time, for its way to be kept.
  private static let gain = 0.95

  /// All of so many threads, until one has been seen to be quicker.
  public init(threads: Int) { self.threads = threads }

  /// How many threads the next job is given.
  public var count: Int {
    state.withLock { $0.usesAll != $0.isTrial ? threads : 1 }
  }

  /// Notes that a job of that many threads has run.
  ///
  /// - Parameter seconds: how long it took.
  public func note(seconds: Double) {
    guard threads > 1 else { return }
    state.withLock { $0.note(seconds) }
  }
}

extension TeamSize.State {
  fileprivate mutating func note(_ time: Double) {
    seconds += time
    jobs += 1
    left -= 1
    // A trial that has taken as long as its jobs would otherwise have needs no more of them.
    let isDecided = isTrial && seconds > usual * Double(TeamSize.trial)
    guard left <= 0 || isDecided else {
      // Old times count less and less.
      if !isTrial && jobs == 2 * TeamSize.firstTrial {
        seconds /= 2
        jobs /= 2
      }
      return
    }
    let mean = seconds / Double(jobs)
    (seconds, jobs) = (0, 0)
    if isTrial {
      if mean < TeamSize.gain * usual {
        usesAll.toggle()
        pause = TeamSize.firstTrial
      } else {
        pause = min(2 * pause, TeamSize.longestPause)
      }
      isTrial = false
      left = pause
    } else {
      isTrial = true
      usual = mean
      left = mean < TeamSize.longJob ? TeamSize.trial : TeamSize.longTrial
    }
  }
}
