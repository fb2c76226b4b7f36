import ChatTemplate
import JSONCore
import Testing

/// Integers beyond 64 bits: what jinja2 makes of them, or a refusal by name.
@Suite struct LargeIntegerTests {
  private static func variables() throws -> JSON {
    try JSON.parse(
      #"{"n": 18446744073709551615, "m": -123456789012345678901, "same": 18446744073709551615}"#)
  }

  @Test(
    arguments: [
      (
        "{{ n }} {{ m }} {{ [n, m] }} {{ {'a': n} }}",
        "18446744073709551615 -123456789012345678901 [18446744073709551615, -123456789012345678901] {'a': 18446744073709551615}"
      ),
      (
        "{{ [n, m, {'x': n}]|tojson }} {{ n|tojson }}",
        "[18446744073709551615, -123456789012345678901, {\"x\": 18446744073709551615}] 18446744073709551615"
      ),
      (
        "{{ n == same }} {{ n == m }} {{ n != 5 }} {{ n == 'x' }} {{ n in [1, same] }}",
        "True False True False True"
      ),
      (
        "{{ n > 5 }} {{ m < 5 }} {{ n < m }} {{ m <= m }} {{ 3 < n }} {{ true > m }} {{ n >= same }}",
        "True True False True True True True"
      ),
      (
        "{{ [n, 3, m, 7]|sort }} {{ [n, same, m]|unique|list }}",
        "[-123456789012345678901, 3, 7, 18446744073709551615] [18446744073709551615, -123456789012345678901]"
      ),
      (
        "{{ n is number }} {{ n is integer }} {{ n is float }} {{ n is string }} {{ n is defined }} {{ n is iterable }}",
        "True True False False True False"
      ),
      (
        "{{ n ~ '!' }} {{ n|string|length }} {{ 'yes' if n else 'no' }} {{ not m }}",
        "18446744073709551615! 20 yes False"
      ),
      (
        "{{ '99999999999999999999'|int }} {{ ' -00012345678901234567890 '|int }} {{ n|int }} {{ '+18446744073709551616'|int }}",
        "99999999999999999999 -12345678901234567890 18446744073709551615 18446744073709551616"
      ),
      (
        "{{ 18446744073709551615 }} {{ -18446744073709551615 }} {{ 9223372036854775808 }} {{ -9223372036854775808 }} {{ --9223372036854775808 }}",
        "18446744073709551615 -18446744073709551615 9223372036854775808 -9223372036854775808 9223372036854775808"
      ),
      (
        "{{ {n: 1}[same] }} {{ {n: 1}.get(m, 'none') }} {{ {n: 1}|tojson }}",
        "1 none {\"18446744073709551615\": 1}"
      ),
      (
        "{{ '{:d}'.format(n) }} {{ '%s'|format(m) }} {{ n|default(1) }}",
        "18446744073709551615 -123456789012345678901 18446744073709551615"
      ),
      (
        "{{ -n == -18446744073709551615 }} {{ -m }} {{ n.foo is defined }}",
        "True 123456789012345678901 False"
      ),
      (
        "{{ '0000000000000000000000000000012'|int }} {{ '9223372036854775807'|int }} {{ '12345678901234567890x'|int(7) }}",
        "12 9223372036854775807 7"
      ),
    ])
  func equalsJinja(_ source: String, _ expected: String) throws {
    #expect(try render(source, Self.variables()) == expected, "\(source)")
  }

  @Test(arguments: [
    "{{ n + 1 }}", "{{ 1 - n }}", "{{ n * 2.5 }}", "{{ n // 3 }}", "{{ n % 2 }}", "{{ n / m }}",
    "{{ n is odd }}", "{{ n is divisibleby(3) }}", "{{ n == 1.5 }}", "{{ n < 1e30 }}",
    "{{ 'a'.split('b', n) }}", "{{ range(n) }}", "{{ 'a' * n }}", "{{ 1e300|int }}",
    "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775808 // -1 }}",
  ])
  func arithmeticIsRefused(_ source: String) throws {
    let error = failure(source, try Self.variables())
    #expect(error?.diagnostic.code == "template.integer-overflow", "\(source): \(error as Any)")
  }

  /// The error came even where the template never looked.
  @Test func schemasMayHaveThem() throws {
    let tools = try JSON.parse(#"[{"n": {"maximum": 18446744073709551615, "minimum": 0}}]"#)
    let conversation = Conversation(
      messages: [["role": "user", "content": "x"]], tools: tools.arrayValue)
    for (source, expected) in [
      ("{{ tools|tojson }}", #"[{"n": {"maximum": 18446744073709551615, "minimum": 0}}]"#),
      ("{{ messages[0].content }}", "x"),
    ] {
      let template = try ChatTemplate(source: source)
      #expect(try template.render(conversation, strftime: frozenTime) == expected)
    }
  }

  /// As `json.loads` and `json.dumps` have them.
  @Test func numbersThatAreNotFinite() throws {
    let json = try JSON.parse("[NaN, Infinity, -Infinity]", dialect: .python)
    #expect(
      try render("{{ n|tojson }} {{ n }}", ["n": json])
        == "[NaN, Infinity, -Infinity] [nan, inf, -inf]")
  }
}

@Suite struct ReasoningTests {
  /// Recorded with transformers 5.23.
  @Test(arguments: [
    (
      #"{"role": "a", "thinking": "t", "content": "c"}"#,
      #"{"thinking": "t", "role": "a", "content": "c", "reasoning_content": "t"}"#
    ),
    (
      #"{"role": "a", "reasoning_content": "r", "thinking": "t"}"#,
      #"{"thinking": "t", "role": "a", "reasoning_content": "r"}"#
    ),
    (
      #"{"role": "a", "reasoning": "x", "content": "c"}"#,
      #"{"thinking": "x", "role": "a", "reasoning": "x", "content": "c", "reasoning_content": "x"}"#
    ),
    (#"{"role": "a", "thinking": null}"#, #"{"role": "a"}"#),
  ])
  func keysOfMessages(_ message: String, _ expected: String) throws {
    let conversation = Conversation(messages: [try JSON.parse(message)])
    let template = try ChatTemplate(source: "{{ messages[0]|tojson }}")
    #expect(try template.render(conversation, strftime: frozenTime) == expected)
  }
}
