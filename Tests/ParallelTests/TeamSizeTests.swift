import Parallel
import Testing

@Suite struct TeamSizeTests {
  /// Runs jobs whose time depends on how many threads they have; returns how many had all.
  private func run(_ size: TeamSize, _ jobs: Int, all: Double, one: Double) -> Int {
    (0..<jobs).reduce(0) { sum, _ in
      let usesAll = size.count > 1
      size.note(seconds: usesAll ? all : one)
      return sum + (usesAll ? 1 : 0)
    }
  }

  @Test func oneThreadIsOne() {
    let size = TeamSize(threads: 1)
    #expect(run(size, 100, all: 1, one: 1) == 0)
    #expect(size.count == 1)
  }

  @Test func whatIsQuickerIsKept() {
    #expect(run(TeamSize(threads: 2), 10_000, all: 1e-4, one: 2e-4) > 9_800)
    #expect(run(TeamSize(threads: 2), 10_000, all: 2e-4, one: 1e-4) < 200)
    // What makes no difference is not worth a change.
    #expect(run(TeamSize(threads: 2), 10_000, all: 1e-4, one: 1e-4) > 9_800)
  }

  @Test func aChangeIsNoticed() {
    let size = TeamSize(threads: 4)
    #expect(run(size, 1_000, all: 3e-4, one: 1e-4) < 150)
    // Trials have become rare, but not that rare.
    _ = run(size, 3_000, all: 1e-4, one: 3e-4)
    #expect(run(size, 1_000, all: 1e-4, one: 3e-4) > 950)
  }

  @Test func longJobsHaveShortTrials() {
    #expect(run(TeamSize(threads: 2), 256, all: 0.02, one: 0.04) >= 246)
    // More threads than there are cores take long because they wait.
    #expect(run(TeamSize(threads: 16), 256, all: 0.04, one: 0.0004) < 60)
  }
}
