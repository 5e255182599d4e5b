package codec

import "github.com/pierrec/lz4/v4"

// lz4Frame appends one frame of independent blocks of 64 KiB without a checksum of the content,
// as Kafka's Java clients write it.
func lz4Frame(dst, src []byte) ([]byte, error) {
	out := appender{dst}
	w := lz4.NewWriter(&out)
	if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false), lz4.ConcurrencyOption(1)); err != nil {
		return dst, err
	}
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err := w.Close()
	return out.b, err
}
