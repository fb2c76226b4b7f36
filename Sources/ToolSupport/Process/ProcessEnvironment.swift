import LibC

/// The process's environment variables.
package enum ProcessEnvironment {
  /// What a variable is set to; nil where it is not set.
  package static func value(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
