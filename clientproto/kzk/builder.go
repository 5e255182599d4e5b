package kzk

import "github.com/zoka-project/zoka/clientproto/zkproto"

// Builder holds an [Image] that is being changed, znode by znode.
type Builder struct{ image *Image }

// NewBuilder returns a Builder of an empty image.
func NewBuilder() *Builder { return &Builder{} }

// Put takes in what a znode holds.
func (b *Builder) Put(path string, data []byte, stat zkproto.Stat) error { return nil }

// Remove takes a znode out.
func (b *Builder) Remove(path string) {}

// Image is the image as it is now.
func (b *Builder) Image() *Image { return b.image }
