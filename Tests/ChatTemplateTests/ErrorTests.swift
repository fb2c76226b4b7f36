import ChatTemplate
import Diagnostics
import JSONCore
import Testing

@Suite struct ErrorTests {
  static func at(_ line: Int, _ column: Int) -> TemplatePosition {
    TemplatePosition(line: line, column: column)
  }

  @Test(
    arguments: [
      ("{{ ! }}", .unexpectedCharacter("!", at: at(1, 4))),
      ("a\r\nb {{ (1] }}", .unbalanced("]", expected: ")", at: at(2, 8))),
      ("é {{ 1) }}", .unbalanced(")", expected: nil, at: at(1, 7))),
      ("{{ 'a", .unterminated("string", at: at(1, 4))),
      ("\n{# a", .unterminated("comment", at: at(2, 1))),
      ("{% raw %}", .unterminated("raw block", at: at(1, 1))),
      ("{{ a", .unterminated("tag", at: at(1, 1))),
      (
        "{{ '\\x1' }}",
        .invalidEscape("\\x needs 2 hexadecimal digits", at: at(1, 5))
      ),
      ("{{ a b }}", .unexpectedToken("'b'", expected: "'}}'", at: at(1, 6))),
      ("{% do 1 %}", .unknownTag("do", expected: [], at: at(1, 4))),
      (
        "{% if 1 %}{% end %}",
        .unknownTag("end", expected: ["elif", "else", "endif"], at: at(1, 14))
      ),
      ("{% filter upper %}a", .unclosedTag("filter", expected: ["endfilter"], at: at(1, 20))),
      ("{% set none = 1 %}", .invalidTarget("'none'", at: at(1, 8))),
      ("{{ f(a=1, a=2) }}", .invalidArguments("the argument 'a' is given twice", at: at(1, 5))),
      ("{% break %}", .outsideLoop("break", at: at(1, 4))),
      ("{{ 1|shout }}", .unknownFilter("shout", at: at(1, 6))),
      ("{{ 1 is loud }}", .unknownTest("loud", at: at(1, 9))),
      (
        "{{ 99999999999999999999 }}",
        .integerOverflow("the number 99999999999999999999", at: at(1, 4))
      ),
      ("\n  {{ x.y }}", .undefined("'x' is undefined", at: at(2, 7))),
      ("{{ {}.a.b }}", .undefined("'dict object' has no attribute 'a'", at: at(1, 8))),
      (
        "{{ [].append(1) }}",
        .unsafe("access to attribute 'append' of 'list' object is unsafe.", at: at(1, 13))
      ),
      (
        "{{ 'a' + 1 }}",
        .wrongType("unsupported operand type(s) for +: 'str' and 'int'", at: at(1, 8))
      ),
      ("{{ ''.split('') }}", .wrongValue("empty separator", at: at(1, 6))),
      ("{{ 1 // 0 }}", .divisionByZero(at: at(1, 6))),
      ("{{ 2 ** 63 }}", .integerOverflow("the result of **", at: at(1, 6))),
      ("{{ raise_exception('no\u{1B}') }}", .raised("no\u{1B}", at: at(1, 19))),
    ] as [(String, TemplateError)])
  func namesTheRuleAndThePlace(source: String, error: TemplateError) {
    #expect(failure(source) == error)
    let diagnostic = error.diagnostic
    #expect(diagnostic.code.hasPrefix("template."))
    #expect(diagnostic.kind == .badData)
    #expect(diagnostic.message.hasPrefix("chat template: "))
    #expect(diagnostic.message.contains("line "))
    #expect(!diagnostic.message.contains("\u{1B}"))
  }

  @Test(
    arguments: [
      ("{% block a %}{% endblock %}", "the statement 'block'"),
      ("{% extends 'a' %}", "the statement 'extends'"),
      ("{% include 'a' %}", "the statement 'include'"),
      ("{% import 'a' as b %}", "the statement 'import'"),
      ("{% from 'a' import b %}", "the statement 'from'"),
      ("{% autoescape true %}{% endautoescape %}", "the statement 'autoescape'"),
      ("{% if false %}{{ 'a'|wordwrap }}{% endif %}", "the filter 'wordwrap'"),
      ("{{ 'a'|xmlattr }}", "the filter 'xmlattr'"),
      ("{{ '\\N{BULLET}' }}", "the escape \\N{name}"),
      ("{{ '\\ud83d' }}", "a half of a surrogate pair in a string"),
      ("{{ self }}", "the variable 'self'"),
      ("{{ lipsum() }}", "the function 'lipsum'"),
      ("{{ 'a'.encode() }}", "the method 'encode' of str"),
    ])
  func refusesByName(source: String, what: String) {
    guard case .unsupported(let name, _) = failure(source) else {
      Issue.record("not refused: \(source)")
      return
    }
    #expect(name == what)
    #expect(failure(source)?.diagnostic.kind == .unsupported)
  }

  @Test func refusesWhatIsNoConversation() throws {
    let template = try ChatTemplate(source: "{{ messages|length }}")
    func failure(_ conversation: Conversation) -> TemplateError? {
      do throws(TemplateError) {
        _ = try template.render(conversation, strftime: frozenTime)
        return nil
      } catch {
        return error
      }
    }
    #expect(
      failure(Conversation(messages: [])) == .invalidVariable("messages", reason: "is empty"))
    #expect(failure(Conversation(messages: [1]))?.diagnostic.code == "template.invalid-variable")
    #expect(failure(Conversation(messages: [[:]], tools: ["x"])) != nil)
    #expect(failure(Conversation(messages: [[:]], documents: [1])) != nil)
    #expect(
      failure(Conversation(messages: [[:]], variables: JSONObject([("tools", 1)])))
        == .invalidVariable("tools", reason: "is given by the conversation already"))
    let large = JSONObject([("n", try JSON.parse("123456789012345678901"))])
    #expect(
      failure(Conversation(messages: [[:]], variables: large))
        == .invalidVariable(
          "n", reason: "holds the number 123456789012345678901, which doesn't fit 64 bits"))
    #expect(failure(Conversation(messages: [[:]])) == nil)
  }
}
