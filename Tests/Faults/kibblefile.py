"""A .kibble file whose values can be changed: checksums are made anew, so what is read is a sound file with wrong weights."""
import struct
import zlib

TILE = 16


class Tensor:
    """A tensor's record and planes; rows are those of the matrix, whatever their arrangement."""

    def __init__(self, data, record, names):
        self.record = record
        name, length, self.code, self.arrangement, _, count, _, self.group, _, *shape = struct.unpack_from("<IIBBBBiII4Q", data, record)
        self.name = data[names + name:names + name + length].decode("ascii")
        self.shape = [size for size in shape if size]
        places = [struct.unpack_from("<QQ", data, record + 56 + 16 * plane) for plane in range(count)]
        self.planes = [bytearray(data[offset:offset + length]) for offset, length in places]
        self.offsets = [offset for offset, _ in places]

    @property
    def rows(self):
        return self.shape[0] if len(self.shape) == 2 else 1

    def place(self, row, unit, width, plane):
        """Where a unit of `width` bytes of a row begins in a plane."""
        tile = TILE if self.arrangement else 1
        units = len(self.planes[plane]) // width // (-(-self.rows // tile) * tile)
        return ((row // tile * units + unit) * tile + row % tile) * width, units

    def row(self, row, plane):
        """The places of a row's units in a plane, and their width."""
        width = 2 if plane else 4
        start, units = self.place(row, 0, width, plane)
        step = width * (TILE if self.arrangement else 1)
        return [start + unit * step for unit in range(units)], width

    def swap(self, a, b):
        """Exchanges two rows."""
        for plane, data in enumerate(self.planes):
            (left, width), (right, _) = self.row(a, plane), self.row(b, plane)
            for i, j in zip(left, right):
                data[i:i + width], data[j:j + width] = data[j:j + width], data[i:i + width]

    def flip(self, row, group, bits):
        """Changes bits of a group's scale, a binary16."""
        place, _ = self.place(row, group, 2, 1)
        scale, = struct.unpack_from("<H", self.planes[1], place)
        struct.pack_into("<H", self.planes[1], place, scale ^ bits)

    def clear(self, row):
        """Makes a row's codes 0."""
        places, width = self.row(row, 0)
        for place in places:
            self.planes[0][place:place + width] = bytes(width)

    def rotate(self, plane, count):
        """Moves a plane's bytes on, the last ones to the front."""
        data = self.planes[plane]
        data[:] = data[-count:] + data[:-count]

    def join_groups(self):
        """Gives every second group of a row the scale of the one before it."""
        for row in range(self.rows):
            places, width = self.row(row, 1)
            for left, right in zip(places[::2], places[1::2]):
                self.planes[1][right:right + width] = self.planes[1][left:left + width]

    @property
    def floats(self):
        """The values of an f32 tensor without padding."""
        return list(struct.unpack(f"<{len(self.planes[0]) // 4}f", self.planes[0]))

    @floats.setter
    def floats(self, values):
        assert self.code == 1
        self.planes[0][:] = struct.pack(f"<{len(values)}f", *values)


class KibbleFile:
    """All of a file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = bytearray(file.read())
        tensors, blobs = struct.unpack_from("<II", self.data, 24)
        self.payload, = struct.unpack_from("<Q", self.data, 40)
        names = 128 + 128 * tensors + 32 * blobs
        all = [Tensor(self.data, 128 + 128 * index, names) for index in range(tensors)]
        self.tensors = {tensor.name: tensor for tensor in all}

    def __getitem__(self, name):
        """A tensor by its name, `model.layers.` left out or not."""
        return self.tensors.get(name) or self.tensors["model.layers." + name]

    def exchange(self, a, b):
        """Exchanges two tensors of one shape and type."""
        a, b = self[a], self[b]
        a.planes, b.planes = b.planes, a.planes
        for field in (12, 16):
            one, two = self.data[a.record + field:a.record + field + 4], self.data[b.record + field:b.record + field + 4]
            self.data[a.record + field:a.record + field + 4], self.data[b.record + field:b.record + field + 4] = two, one

    def write(self, path):
        """Writes the file with right checksums."""
        for tensor in self.tensors.values():
            for offset, plane in zip(tensor.offsets, tensor.planes):
                self.data[offset:offset + len(plane)] = plane
            struct.pack_into("<I", self.data, tensor.record + 20, zlib.crc32(b"".join(tensor.planes)))
        struct.pack_into("<I", self.data, 124, zlib.crc32(self.data[128:self.payload], zlib.crc32(self.data[:124])))
        with open(path, "wb") as file:
            file.write(self.data)
