import ChatTemplate
import JSONCore
import Testing

/// Templates that ask for too much end with an error, on a small stack and in bounded time.
@Suite struct LimitTests {
  private static func nested(_ open: String, _ middle: String, _ close: String, _ count: Int)
    -> String
  {
    String(repeating: open, count: count) + middle + String(repeating: close, count: count)
  }

  static let hostile: [(String, TemplateLimit)] = [
    ("{{ range(1000000000) }}", .rangeLength),
    ("{{ 'a' * 1000000000 }}", .valueBytes),
    ("{{ [1] * 1000000000 }}", .valueBytes),
    ("{{ ('%s' * 1000)|format(*(['a' * 1000000] * 1000)) }}", .valueBytes),
    ("{{ ('{}' * 1000).format(*(['a' * 1000000] * 1000)) }}", .valueBytes),
    ("{{ 'a\n'|indent(1000000000) }}", .valueBytes),
    ("{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}", .valueBytes),
    ("{{ ('a' * 1000000)|replace('a', 'b' * 1000000) }}", .valueBytes),
    ("{{ ('x' * 100000).join('a' * 1000) }}", .valueBytes),
    (
      "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
      .valueBytes
    ),
    ("{% for i in range(99999) %}{{ 'abcdefgh' * 100 }}{% endfor %}", .outputBytes),
    (
      "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = n.l + ['a' * 1000000] %}"
        + "{% endfor %}", .totalBytes
    ),
    ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", .steps),
    ("{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{{ 'b' in s }}{% endfor %}", .steps),
    ("{% set s = 'a' * 999999 %}{% for i in range(99999) %}{{ {}[s] }}{% endfor %}", .steps),
    ("{% set s = 'a' * 999999 %}{% for i in range(99999) %}{{ s in {} }}{% endfor %}", .steps),
    (
      "{% set s = 'a' * 999999 %}{% for i in range(99999) %}{% set t = s|reverse %}{% endfor %}",
      .totalBytes
    ),
    (
      "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}"
        + "{{ n.l == n.l[:] and (n.l|string)|length }}", .valueBytes
    ),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", .depth),
    ("{% macro m(x) %}{% call m(x) %}{{ caller() }}{% endcall %}{% endmacro %}{{ m(1) }}", .depth),
    (
      "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = [n.l] %}{% endfor %}",
      .valueDepth
    ),
    (
      "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = n.l|map('upper') %}"
        + "{% endfor %}", .valueDepth
    ),
    (
      "{% set n = namespace(l={}) %}{% for i in range(999) %}{% set n.l = {'a': n.l} %}{% endfor %}"
        + "{{ n.l|tojson }}", .valueDepth
    ),
    (
      "{% set n = namespace() %}{% for i in range(999) %}{% set n.n = namespace(n=n.n) %}"
        + "{% endfor %}{{ n }}", .depth
    ),
  ]

  @Test(arguments: hostile)
  func endsRendering(source: String, limit: TemplateLimit) {
    var limits = TemplateLimits()
    limits.steps = 1_000_000
    limits.valueBytes = 1 << 20
    limits.outputBytes = 1 << 20
    limits.totalBytes = 8 << 20
    let error = onSmallStack { [limits] in failure(source, limits: limits) }
    guard case .limitExceeded(let found, _, _)? = error else {
      Issue.record("\(source): \(String(describing: error))")
      return
    }
    #expect(found == limit, "\(source)")
  }

  static let deep: [String] = [
    "{{ " + nested("(", "1", ")", 5000) + " }}",
    "{{ " + nested("[", "1", "]", 5000) + " }}",
    "{{ " + nested("{1: ", "1", "}", 5000) + " }}",
    "{{ " + nested("-", "1", "", 5000) + " }}",
    "{{ " + nested("f(", "1", ")", 5000) + " }}",
    "{{ " + nested("a[", "1", "]", 5000) + " }}",
    "{{ " + nested("1 if 1 else ", "1", "", 5000) + " }}",
    "{{ 1" + nested(" if 1", "", "", 5000) + " }}",
    "{{ " + nested("1|d(", "1", ")", 5000) + " }}",
    "{{ " + nested("1 is eq [", "1", "]", 5000) + " }}",
    nested("{% if 1 %}", "", "{% endif %}", 5000),
    nested("{% for x in y %}", "", "{% endfor %}", 5000),
    nested("{% macro m() %}", "", "{% endmacro %}", 5000),
    nested("{% filter upper %}", "", "{% endfilter %}", 5000),
  ]

  @Test(arguments: deep.indices)
  func refusesDeepSources(index: Int) {
    let error = onSmallStack { failure(Self.deep[index]) }
    guard case .nestedTooDeep(let limit, _)? = error else {
      Issue.record("\(Self.deep[index].prefix(40)): \(String(describing: error))")
      return
    }
    #expect(limit == TemplateLimits().nesting)
  }

  /// What stands in a row may be as long as it likes.
  @Test func takesLongRows() throws {
    let sources = [
      "{{ 1" + String(repeating: " + 1", count: 20000) + " }}",
      "{{ 0" + String(repeating: " or 0", count: 20000) + " }}",
      "{{ 'a'" + String(repeating: "|upper", count: 20000) + " }}",
      "{{ " + String(repeating: "not ", count: 20001) + "1 }}",
      "{% if 0 %}" + String(repeating: "{% elif 0 %}", count: 20000) + "{% endif %}",
      "{{ 1" + String(repeating: " < 2", count: 1) + String(repeating: " == 2", count: 20000)
        + " }}",
    ]
    for source in sources { #expect(onSmallStack { failure(source) } == nil) }
  }

  /// The deepest that the limits allow fits a small stack.
  @Test func allowsWhatTheLimitsSay() {
    let limits = TemplateLimits()
    let sources = [
      "{{ " + Self.nested("(1 + ", "1", ")", limits.nesting - 3) + " }}",
      "{{ " + Self.nested("[", "1", "]", limits.nesting - 3) + "|tojson }}",
      Self.nested("{% if 1 %}", "{{ 1 }}", "{% endif %}", limits.nesting - 3),
      "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
      "{% set n = namespace(l=[]) %}{% for i in range(150) %}{% set n.l = [n.l] %}{% endfor %}"
        + "{{ (n.l|tojson)|length }}{{ (n.l|string)|length }}{{ n.l == [n.l][0][:] }}",
      "{% set n = namespace(l='abc') %}{% for i in range(150) %}{% set n.l = n.l|map('upper') %}"
        + "{% endfor %}{{ n.l|join }}",
    ]
    for source in sources {
      #expect(onSmallStack { failure(source) } == nil, "\(source.prefix(60))")
    }
  }

  /// Objects that hold each other in long chains and rings are taken apart without recursion.
  @Test func releasesChainsAndRings() {
    let sources = [
      "{% set n = namespace() %}{% for i in range(9999) %}{% set n.n = namespace(n=n.n) %}"
        + "{% endfor %}",
      "{% set n = namespace() %}{% set n.n = n %}{{ n|string|length }}",
      "{% set n = namespace(f=1) %}{% macro mk(prev) %}{% macro inner() %}{{ prev }}{% endmacro %}"
        + "{% set n.f = inner %}{% endmacro %}{% for i in range(9999) %}{{ mk(n.f) }}{% endfor %}",
      "{% set n = namespace(l=1) %}{% for i in range(9999) %}{% for x in [n.l] %}"
        + "{% set n.l = loop %}{% endfor %}{% endfor %}",
    ]
    for source in sources { #expect(onSmallStack { failure(source) } == nil, "\(source)") }
  }

  @Test func limitsTheSource() {
    var limits = TemplateLimits()
    limits.sourceBytes = 10
    #expect(
      failure("12345678901", limits: limits) == .sourceTooLong(bytes: 11, limit: 10))
    #expect(failure("1234567890", limits: limits) == nil)
  }

  @Test func limitsTheDepthOfVariables() {
    var json: JSON = 1
    for _ in 0..<100 { json = [json] }
    let variables: JSON = ["x": json]
    #expect(
      onSmallStack { failure("{{ x }}", variables) }
        == .invalidVariable("x", reason: "is nested too deep"))
  }
}
