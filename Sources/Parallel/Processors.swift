import CSystem
import LibC

/// The processors that this process may use.
public enum Processors {
  /// How many of them there are, the affinity of the process considered.
  public static var available: Int {
    let count = Int(kb_affinity_count())
    return max(1, count > 0 ? count : sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}
