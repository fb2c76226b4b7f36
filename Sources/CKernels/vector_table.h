// The table of the set whose kernels vector_exact.h and vector_encode.h defined.
const kb_kernels KB_SET = {
  .name = KB_NAME, .token_block = KB_TOKENS,
  .pack = pack, .matmul = matmul, .row = row, .dot = dot, .axpy = axpy,
  .quantize_rows = quantize_rows, .matmul_fast = KB_MATMUL_FAST,
  .rms_norm = rms_norm, .gated_add = gated_add, .add = add, .activate = activate,
  .rotate = rotate, .softmax = softmax, .divide = divide,
  .quantize_head = quantize_head, .attend = attend, .merge = merge,
  .read_memory = read_memory, .log_sum_exp = log_sum_exp, .compare_logits = compare_logits,
  .largest = largest, .kth_largest = kth_largest, .often_reached = often_reached, .reaching = reaching,
  .weigh = weigh, .add_until = add_until, .mass_cut = mass_cut, .drop_unlikely = drop_unlikely,
  .values = values, .widen = widen, .scan = scan, .tile = tile, .untile = untile,
  .encode_float = encode_float, .quantize = quantize,
};
