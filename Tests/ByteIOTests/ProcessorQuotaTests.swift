import ByteIO
import Testing

@Suite struct ProcessorQuotaTests {
  @Test(arguments: [
    ("200000", "100000", 2), ("150000", "100000", 2), ("1000", "100000", 1),
    ("max", "100000", nil), ("-1", "100000", nil), ("0", "100000", nil), ("100000", "0", nil),
    ("", "", nil),
  ])
  func quotas(quota: Substring, period: Substring, expected: Int?) {
    #expect(ProcessorQuota.processors(quota: quota, period: period) == expected)
  }

  @Test func foldersOfVersion2() {
    #expect(
      ProcessorQuota.folders(groups: "0::/user.slice/a:b.scope\n") == [
        "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/user.slice/a:b.scope",
      ])
  }

  @Test func foldersOfVersion1() {
    let groups = "5:cpuset:/x\n4:memory:/m\n3:cpu,cpuacct:/docker/1f\nnonsense\n"
    #expect(
      ProcessorQuota.folders(groups: groups) == [
        "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/docker", "/sys/fs/cgroup/cpu/docker/1f",
      ])
  }

  @Test func itIsPositiveIfThereIsOne() {
    #expect(ProcessorQuota.processors.map { $0 > 0 } ?? true)
  }
}
