package archtest

import (
	"path"
	"strings"
)

func (k Kind) String() string {
	switch k {
	case Pure:
		return "pure"
	case Core:
		return "a state machine"
	default:
		return "open"
	}
}

// bans says whether packages of kind k may not import the standard package.
func (k Kind) bans(imported string) bool {
	switch k {
	case Pure:
		return matchesAny([]string{"net/...", "os/...", "time/...", "sync/...", "log/...", "syscall/..."}, imported)
	case Core:
		return matchesAny([]string{"net/...", "os/...", "syscall/..."}, imported)
	default:
		return false
	}
}

// allows says whether a package under row r may import the package of ours at dir.
func (r *Row) allows(dir string) bool {
	if !r.Alone && matches(r.Package+"/...", dir) {
		return true
	}
	return matchesAny(r.Imports, dir)
}

// rowOf finds the row of the package at dir, or of the nearest folder above it that has one.
func rowOf(dir string) *Row {
	for d := dir; d != "."; d = path.Dir(d) {
		for i := range Packages {
			if r := &Packages[i]; r.Package == d && (d == dir || !r.Alone) {
				return r
			}
		}
	}
	return nil
}

// libraryOf finds the library that an import path belongs to.
func libraryOf(imported string) *Library {
	for i := range Libraries {
		if l := &Libraries[i]; matches(l.Path+"/...", imported) {
			return l
		}
	}
	return nil
}

func matchesAny(patterns []string, p string) bool {
	for _, pattern := range patterns {
		if matches(pattern, p) {
			return true
		}
	}
	return false
}

// matches says whether p is the pattern, or lies in its subtree where the pattern ends in "...".
func matches(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	root, subtree := strings.CutSuffix(pattern, "/...")
	return p == root || subtree && strings.HasPrefix(p, root+"/")
}
