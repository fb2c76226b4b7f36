import Testing
import Tokenization

@Suite struct ConfigTests {
  private func config(_ text: String, map: String? = nil) throws -> TokenizerConfig {
    try TokenizerConfig(json: Array(text.utf8), specialTokensMap: map.map { Array($0.utf8) })
  }

  @Test func specialTokensAreStringsOrObjects() throws {
    let config = try config(
      #"""
      {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null,
       "image_token": "<img>", "add_bos_token": true, "add_eos_token": false, "tokenizer_class": "X",
       "extra_special_tokens": {"audio_token": "<audio>"}}
      """#)
    #expect(
      config.specialTokens == [
        "bos_token": "<s>", "eos_token": "</s>", "image_token": "<img>", "audio_token": "<audio>",
      ])
    #expect(config.addsBeginningToken == true)
    #expect(config.addsEndToken == false)
    #expect(config.chatTemplates.isEmpty)
  }

  @Test func mapCountsOnlyWithoutAddedTokensDecoder() throws {
    let map = #"{"bos_token": {"content": "<new>"}, "additional_special_tokens": ["<x>"]}"#
    #expect(
      try config(#"{"bos_token": "<old>"}"#, map: map).specialTokens == ["bos_token": "<new>"])
    #expect(
      try config(#"{"bos_token": "<old>", "added_tokens_decoder": {}}"#, map: map).specialTokens
        == ["bos_token": "<old>"])
    #expect(try config("{}").addsBeginningToken == nil)
  }

  @Test(
    arguments: [
      (#""{{ x }}""#, [("default", "{{ x }}")]),
      (
        #"[{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}]"#,
        [("default", "a"), ("tool_use", "b")]
      ),
      (#"{"default": "a", "rag": "c"}"#, [("default", "a"), ("rag", "c")]),
      ("null", []),
    ])
  func templates(_ value: String, _ expected: [(String, String)]) throws {
    let templates = try config(#"{"chat_template": \#(value)}"#).chatTemplates
    #expect(templates.map(\.name) == expected.map(\.0))
    #expect(templates.map(\.source) == expected.map(\.1))
  }

  @Test(
    arguments: [
      "", "[]", #"{"chat_template": 1}"#, #"{"chat_template": [{"name": "x"}]}"#,
      #"{"add_bos_token": "yes"}"#,
    ])
  func wrongKindsAreErrors(_ text: String) {
    #expect(throws: TokenizerError.self) { try config(text) }
  }
}
