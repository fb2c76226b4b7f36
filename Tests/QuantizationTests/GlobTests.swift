import Quantization
import Testing

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", ""), ("*", "anything.at.all"), ("", ""), ("lm_head.weight", "lm_head.weight"),
    ("*.q_proj.weight", "model.layers.0.self_attn.q_proj.weight"),
    ("model.layers.?.mlp.*", "model.layers.3.mlp.up_proj.weight"),
    ("*layers*up*", "model.layers.3.mlp.up_proj.weight"), ("**a**", "bab"), ("a*a", "aa"),
    ("*aab", "aaaab"), ("?*", "x"), ("*ab*ab", "ababab"), ("a?c", "abc"),
  ])
  func matches(pattern: String, name: String) { #expect(Glob(pattern).matches(name)) }

  @Test(arguments: [
    ("", "a"), ("a", ""), ("?", ""), ("?", "ab"), ("lm_head", "lm_head.weight"),
    ("head.weight", "lm_head.weight"), ("*.q_proj.weight", "model.layers.0.self_attn.q_proj.bias"),
    ("model.layers.?.mlp.*", "model.layers.31.mlp.up_proj.weight"), ("a*a", "a"),
    ("*ab*ab", "ab"), ("[ab]", "a"), ("LM_HEAD", "lm_head"),
  ])
  func doesNotMatch(pattern: String, name: String) { #expect(!Glob(pattern).matches(name)) }

  /// Many stars must not make it slow: each star is tried from one place at a time.
  @Test func manyStars() {
    let name = String(repeating: "a", count: 2_000)
    #expect(!Glob(String(repeating: "a*", count: 100) + "b").matches(name))
    #expect(Glob(String(repeating: "a*", count: 100)).matches(name))
  }
}
