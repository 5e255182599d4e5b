package codec

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
)

func (c *Coder) gunzip(room, src []byte, limit int) ([]byte, error) {
	if c.gzipReader == nil {
		c.gzipReader = new(gzip.Reader)
	}
	if err := c.gzipReader.Reset(bytes.NewReader(src)); err != nil {
		return nil, err
	}
	return readAll(room, c.gzipReader, len(src), limit)
}

func (c *Coder) gzip(dst, src []byte) ([]byte, error) {
	out := appender{dst}
	if c.gzipWriter == nil {
		c.gzipWriter = gzip.NewWriter(&out)
	} else {
		c.gzipWriter.Reset(&out)
	}
	if _, err := c.gzipWriter.Write(src); err != nil {
		return dst, err
	}
	err := c.gzipWriter.Close()
	return out.b, err
}

// appender is a writer to a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
