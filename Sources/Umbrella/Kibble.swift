// One import for a program that uses kibble as a library: all of its public modules.
//
//     Safetensors, KibbleFormat, PackedFormat   the files
//     ModelFile, DogeArchitecture, DogeModel    the model
//     Quantization, Conversion, Calibration     from one file to the other
//     Verification, ChoiceScoring               what became of it
//     Tokenization, ChatTemplate, Generation    text
//     Kernels, Parallel, TensorCore, ByteIO     what these are made of

@_exported import ByteIO
@_exported import Calibration
@_exported import ChatTemplate
@_exported import ChoiceScoring
@_exported import Conversion
@_exported import Diagnostics
@_exported import DogeArchitecture
@_exported import DogeModel
@_exported import Generation
@_exported import Gradients
@_exported import JSONCore
@_exported import Kernels
@_exported import KibbleFormat
@_exported import ModelFile
@_exported import NumPyFormat
@_exported import PackedFormat
@_exported import Parallel
@_exported import Quantization
@_exported import Safetensors
@_exported import TensorCore
@_exported import Tokenization
@_exported import Verification
