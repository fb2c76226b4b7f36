import ChatTemplate
import Generation
import JSONCore
import ModelFile
import Tokenization

@testable import UnicodeText

private let fixture = "fixtures/doge-nano"

/// Letters, numbers, marks, spaces and added tokens, in several scripts.
private let sample = Array(
  ("Hello  world's 1234 caf\u{e9} cafe\u{301} \u{1F600}\n\n\n x<m>\t\u{A0}\u{3000}\u{4E2D} "
    + "\u{AC00}\u{1100}\u{1161}<|end_of_text|> [CLS]\u{FB01} \u{130}\u{1E9E}--!?").utf8)

func tokenizer(_ input: [UInt8]) throws {
  let tokenizer = try Tokenizer(json: input)
  let tokens = try tokenizer.encode(sample)
  _ = try tokenizer.decode(tokens.map(\.id))
  for token in tokens { precondition(token.range.upperBound <= sample.count) }
}

private let reference = try? TextFiles(path: fixture).tokenizer()

/// A tokenizer that is sound meets any text.
func text(_ input: [UInt8]) throws {
  guard let reference else { preconditionFailure("no tokenizer in \(fixture)") }
  let tokens = try reference.encode(input, addSpecialTokens: false)
  let text = try reference.decode(tokens.map(\.id))
  precondition(text.utf8.elementsEqual(input), "not the same text again")
}

/// The input is a regular expression.
func pattern(_ input: [UInt8]) throws {
  _ = try SplitPattern(general: String(decoding: input, as: UTF8.self)).matches(in: sample)
}

func tokenizerConfig(_ input: [UInt8]) throws {
  _ = try TokenizerConfig(json: input)
  _ = try TokenizerConfig(json: Array("{}".utf8), specialTokensMap: input)
}

/// The usual limits allow some seconds of work; these allow what can be seen in one.
private let limits = {
  var limits = TemplateLimits()
  limits.steps /= 100
  limits.outputBytes /= 16
  limits.valueBytes /= 16
  limits.totalBytes /= 16
  return limits
}()

private let messages = try? JSON.parse(
  """
  [{"role": "system", "content": "Be brief."},
   {"role": "user", "content": [{"type": "text", "text": "Hi <b>there</b> \\u00e9"}]},
   {"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
     {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2.5e3}}}]},
   {"role": "tool", "content": "3"}, {"role": "user", "content": "Thanks"}]
  """)
private let tools = try? JSON.parse(
  """
  [{"type": "function", "function": {"name": "add", "description": "adds",
    "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}}}]
  """)

private let variables = {
  var variables = JSONObject()
  variables["bos_token"] = "<s>"
  variables["a"] = [1, 2, 3]
  return variables
}()

/// The input is a template.
func template(_ input: [UInt8]) throws {
  let template = try ChatTemplate(source: String(decoding: input, as: UTF8.self), limits: limits)
  let conversation = Conversation(
    messages: messages?.arrayValue ?? [], tools: tools?.arrayValue, addsGenerationPrompt: true,
    variables: variables)
  _ = try template.render(conversation) { _ in "28 Nov 2026" }
}

private let chat = try? TextFiles(path: fixture).chatTemplate(withTools: false)

/// The input is a list of messages, or an object with messages, tools and documents.
func conversation(_ input: [UInt8]) throws {
  guard let chat else { preconditionFailure("no template in \(fixture)") }
  let json = try JSON.parse(input)
  let conversation = Conversation(
    messages: (json["messages"] ?? json).arrayValue ?? [], tools: json["tools"]?.arrayValue,
    documents: json["documents"]?.arrayValue)
  _ = try chat.render(conversation) { $0 }
}
