package zkproto

import (
	"fmt"
	"strings"
)

// PathError says why a path is not valid. Its text is Apache's.
type PathError struct {
	Path   string
	Reason string
}

func (e *PathError) Error() string { return e.Reason }

// ValidatePath reports whether path is a valid absolute znode path.
// Source: org.apache.zookeeper.common.PathUtils.
func ValidatePath(path string) error {
	switch {
	case path == "":
		return &PathError{path, "Path length must be > 0"}
	case path[0] != '/':
		return &PathError{path, "Path must start with / character"}
	case len(path) == 1:
		return nil
	case path[len(path)-1] == '/':
		return &PathError{path, "Path must not end with / character"}
	}
	// at counts UTF-16 units, as Java does.
	at, start := 0, 1
	for i, c := range path {
		reason := ""
		switch {
		case i == 0:
		case c == 0:
			reason = "null character not allowed"
		case c == '/' && i == start:
			reason = "empty node name specified"
		case c == '/' && dots(path[start:i]):
			return &PathError{path, invalid(path, "relative paths not allowed", at-1)}
		case !validRune(c):
			reason = "invalid character"
		}
		if reason != "" {
			return &PathError{path, invalid(path, reason, at)}
		}
		if c == '/' {
			start = i + 1
		}
		at++
		if c > 0xffff {
			at++
		}
	}
	if dots(path[start:]) {
		return &PathError{path, invalid(path, "relative paths not allowed", at-1)}
	}
	return nil
}

// ValidateSequentialPath is [ValidatePath] for a path to which the server will append
// digits: it may end with a slash.
func ValidateSequentialPath(path string) error {
	if err := ValidatePath(path + "1"); err != nil {
		pe := err.(*PathError)
		pe.Path = path
		return pe
	}
	return nil
}

func dots(segment string) bool { return segment == "." || segment == ".." }

// validRune refuses Java's forbidden ranges. U+FFFD, which is also what an invalid byte
// decodes to, lies in one of them; characters beyond the basic plane are surrogates to Java.
func validRune(c rune) bool {
	switch {
	case c >= 0x01 && c <= 0x1f, c >= 0x7f && c <= 0x9f,
		c >= 0xd800 && c <= 0xf8ff, c >= 0xfff0:
		return false
	}
	return true
}

func invalid(path, reason string, at int) string {
	return fmt.Sprintf("Invalid path string \"%s\" caused by %s @%d", path, reason, at)
}

// Parent is the path above, "" for the root, and "/" for its children.
func Parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	switch {
	case path == "/" || i < 0:
		return ""
	case i == 0:
		return "/"
	}
	return path[:i]
}

// Base is the last segment of a path.
func Base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Join returns the path of a child.
func Join(parent, child string) string {
	if parent == "/" {
		return "/" + child
	}
	return parent + "/" + child
}
