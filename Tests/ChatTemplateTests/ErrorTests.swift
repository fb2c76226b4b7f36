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
      ("\n  {{ x.y }}", .undefined("'x' is undefined", at: at(2, 7))),
      ("{{ {}.a.b }}", .undefined("'dict object' has no attribute 'a'", at: at(1, 8))),
      (
        "{{ [].append(1) }}",
        .unsafeAttribute("access to attribute 'append' of 'list' object is unsafe.", at: at(1, 13))
      ),
      (
        "{{ 'a' + 1 }}",
        .wrongType("unsupported operand type(s) for +: 'str' and 'int'", at: at(1, 8))
      ),
      ("{{ ''.split('') }}", .wrongValue("empty separator", at: at(1, 6))),
      ("{{ 1 // 0 }}", .divisionByZero(at: at(1, 6))),
      (
        "{{ 9223372036854775807 + 1 }}",
        .integerOverflow("the result of +", at: at(1, 24))
      ),
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
      ("{% with a = 1 %}{% endwith %}", "the statement 'with'"),
      ("{% print 1 %}", "the statement 'print'"),
      ("{% for x in [1] recursive %}{% endfor %}", "a recursive loop"),
      ("{% macro m() %}{{ varargs }}{% endmacro %}", "the variable 'varargs' of a macro"),
      ("{% macro m() %}{{ kwargs }}{% endmacro %}", "the variable 'kwargs' of a macro"),
      ("{% macro m(caller) %}{% endmacro %}", "a parameter named 'caller'"),
      ("{% macro m() %}{% endmacro %}{{ m.name }}", "the attribute 'name' of a macro"),
      ("{% for x in [1] %}{{ loop.depth }}{% endfor %}", "the attribute 'loop.depth'"),
      ("{% for x in [1] %}{{ loop.cycle(1) }}{% endfor %}", "the method 'cycle' of LoopContext"),
      ("{{ 1|round }}", "the filter 'round'"),
      ("{{ 1|float }}", "the filter 'float'"),
      ("{{ {}|dictsort(by='value') }}", "an argument of 'dictsort'"),
      ("{{ ['a']|map('center')|list }}", "the filter 'center'"),
      ("{{ 1 is sameas 1 }}", "the test 'sameas'"),
      ("{{ ['a']|select('upper')|list }}", "the test 'upper'"),
      ("{{ cycler(1) }}", "the function 'cycler'"),
      ("{{ joiner() }}", "the function 'joiner'"),
      ("{{ 'a'.zfill(3) }}", "the method 'zfill' of str"),
      ("{{ {}.fromkeys('a') }}", "the method 'fromkeys' of dict"),
      ("{{ [1].count(1) }}", "the method 'count' of list"),
      ("{{ 1.5.is_integer() }}", "the method 'is_integer' of float"),
      ("{{ '1F'|int(base=16) }}", "the argument 'base' of 'int'"),
      ("{{ [1]|sort(attribute='a,b') }}", "sorting by several attributes"),
      ("{{ 'a b'.split(none, 1) }}", "a limit for the words of a split"),
      ("{{ 'a'.startswith('a', 1) }}", "a start or an end in 'startswith'"),
      ("{{ '%s' % 'a' }}", "formatting with '%'"),
      ("{{ '%5s'|format('a') }}", "the format '%5'"),
      ("{{ '%(a)s'|format(a=1) }}", "a keyword argument of the filter 'format'"),
      ("{{ '{:.2f}'.format(1.5) }}", "the format '{:.2f}'"),
      ("{{ '{0}'.format(1) }}", "the format '{0}'"),
      ("{{ ('%s'|safe)|format('<') }}", "formatting of text that is marked as safe"),
      ("{{ 2 ** 3 }}", "the operator '**'"),
      ("{{ +1 }}", "the sign '+'"),
      ("{{ 7.5 // 2 }}", "the operator '//' between floats"),
      ("{{ 0x1F }}", "a number other than decimal digits"),
      ("{{ '\\101' }}", "the escape \\1"),
      ("{{ range(9)[1:] }}", "a slice of a range"),
      ("{{ [1] < [2] }}", "the order of values of the type 'list'"),
      ("{{ {}.keys() == {}.keys() }}", "comparing dict_keys"),
      ("{{ {(1, 2): 3} }}", "a key of the type 'tuple'"),
      ("{{ [1][0, 1] }}", "a subscript with a comma"),
      ("{% set (a, b) = [1, 2] %}", "a target in parentheses"),
      ("{{ 'a'|replace('', 'b') }}", "replacing an empty text"),
      ("{{ 'a'.splitlines(true) }}", "the argument of 'splitlines'"),
      ("{{ 'a'.find('a') }}", "the method 'find' of str"),
      ("{{ dict([('a', 1)]) }}", "'dict' of what is no mapping"),
    ])
  func refusesByName(source: String, what: String) {
    guard case .unsupported(let name, _) = failure(source) else {
      Issue.record("not refused: \(source)")
      return
    }
    #expect(name == what)
    #expect(failure(source)?.diagnostic.kind == .unsupported)
  }

  @Test func saysWhatIsSupportedInstead() {
    let filter = failure("{{ 'a'|center }}")?.diagnostic
    #expect(
      filter?.message
        == "chat template: the filter 'center' is not supported (line 1, column 8)")
    #expect(filter?.hint?.contains("the filters are capitalize, default, dictsort, ") == true)
    #expect(failure("{{ 1 is sameas 1 }}")?.diagnostic.hint?.contains("boolean, callable") == true)
    #expect(failure("{{ 2 ** 3 }}")?.diagnostic.hint == "use a template without it")
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
    #expect(failure(Conversation(messages: [[:]], variables: large)) == nil)
    #expect(failure(Conversation(messages: [[:]])) == nil)
  }
}
