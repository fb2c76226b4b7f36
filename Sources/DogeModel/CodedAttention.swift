import Kernels

/// Attention from a block's tokens to a cache in codes of eight bits (formats/numerics.md, section
/// 7), with all query heads that share a kv head at once.
///
/// Few queries: `prepare`, then `attend` for each block of keys, which threads may share, then
/// `merge` for each query. Many: `run`. Each thread has scratch of its own.
struct CodedAttention {
  let attention: DynamicMaskAttention
  let cache: CodedKeyValues
  let work: LayerBuffers
  /// What is added to a row for its position in the sequence.
  let start: Int

  private var kernels: KernelSet { attention.kernels }
  private var group: Int { attention.group }

  /// The blocks with keys that a token up to the last of some sees.
  func blocks(_ tokens: Range<Int>) -> Range<Int> {
    let first = attention.visibility.keys(at: start + tokens.lowerBound).lowerBound
    let size = CodedKeyValues.blockTokens
    return first / size..<(start + tokens.upperBound + size - 1) / size
  }

  /// The queries of some tokens and one kv head, when those of `heads` lie one after the other.
  private func queries(_ tokens: Range<Int>, head: Int, of heads: Range<Int>) -> Range<Int> {
    let count = tokens.count * group
    return (head - heads.lowerBound) * count..<(head - heads.lowerBound + 1) * count
  }

  /// Puts the queries of some tokens and kv heads in codes.
  func prepare(_ tokens: Range<Int>, heads: Range<Int>, _ coded: CodedQueries) {
    let scale = 1 / Float(attention.headDimension).squareRoot()
    let visibility = attention.visibility
    for (first, head) in zip(stride(from: 0, to: .max, by: tokens.count * group), heads) {
      for query in 0..<tokens.count * group {
        let (token, member) = place(query, tokens)
        let maskRow = visibility.maskRow(head: head, member: member)
        coded.set(
          first + query, row(token, head, member, of: work.q), scale: scale,
          seen: visibility.keys(at: start + token), maskRow: maskRow,
          least: least(maskRow, at: start + token), kernels)
      }
    }
  }

  /// Attends from the queries of `prepare` for one kv head to a block of keys.
  func attend(
    _ tokens: Range<Int>, head: Int, of heads: Range<Int>, block: Int, slot: Int,
    _ scratch: CodedScratch, into parts: AttentionParts
  ) {
    parts.attend(
      from: queries(tokens, head: head, of: heads), of: scratch.queries, to: cache, head: head,
      block: block, slot: slot, scratch.memory, kernels)
  }

  /// Adds what some slots hold for a query of `prepare`, and puts the result where the output
  /// projection expects it.
  func merge(
    _ query: Int, _ tokens: Range<Int>, heads: Range<Int>, slots: Range<Int>,
    _ parts: AttentionParts
  ) {
    parts.begin(query)
    for slot in slots { parts.add(slot, to: query, kernels) }
    let (head, rest) = query.quotientAndRemainder(dividingBy: tokens.count * group)
    let (token, member) = place(rest, tokens)
    parts.finish(
      query, into: row(token, heads.lowerBound + head, member, of: work.attended), kernels)
  }

  /// All of it for some tokens and one kv head.
  func run(_ tokens: Range<Int>, head: Int, _ scratch: CodedScratch) {
    let (heads, parts) = (head..<head + 1, scratch.parts)
    let queries = 0..<tokens.count * group
    prepare(tokens, heads: heads, scratch.queries)
    for query in queries { parts.begin(query) }
    for block in blocks(tokens) {
      attend(tokens, head: head, of: heads, block: block, slot: 0, scratch, into: parts)
      for query in queries { parts.add(0, to: query, kernels) }
    }
    for query in queries {
      let (token, member) = place(query, tokens)
      parts.finish(query, into: row(token, head, member, of: work.attended), kernels)
    }
  }

  private func place(_ query: Int, _ tokens: Range<Int>) -> (token: Int, member: Int) {
    let (token, member) = query.quotientAndRemainder(dividingBy: group)
    return (tokens.lowerBound + token, member)
  }

  private func least(_ row: Int, at position: Int) -> (mask: Float, position: Int)? {
    guard attention.visibility.drops(at: position) else { return nil }
    let least = cache[leastKeptOf: row, position]
    return (cache[maskRow: row, least], least)
  }

  /// A head's part of a matrix `[block, H hd]`.
  private func row(_ token: Int, _ head: Int, _ member: Int, of matrix: FloatMatrix) -> FloatRow {
    let first = (head * group + member) * attention.headDimension
    return matrix[token].part(first..<first + attention.headDimension)
  }
}

/// Memory for one thread's attention to codes; it does not depend on the number of keys.
final class CodedScratch: Sendable {
  let queries: CodedQueries
  let parts: AttentionParts
  let memory: CodedMemory

  init(queries count: Int, headDimension: Int) {
    queries = CodedQueries(count, headDimension: headDimension)
    parts = AttentionParts(queries: count, headDimension: headDimension, slots: 1)
    memory = CodedMemory(queries: count, headDimension: headDimension)
  }
}
