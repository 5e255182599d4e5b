package command

import (
	"errors"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ResolvePath returns the absolute path that text means at the working znode dir. A path that begins with a
// slash is left for the rules of ZooKeeper to judge, except that . and .. are resolved: no znode can be called
// so.
func ResolvePath(dir, text string) (string, error) {
	if text == "" {
		return "", errors.New("the path is empty")
	}
	path := text
	if text[0] != '/' {
		path = zkproto.Join(dir, text)
	}
	var out []string
	for _, name := range strings.Split(path[1:], "/") {
		switch name {
		case ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, name)
		}
	}
	return "/" + strings.Join(out, "/"), nil
}
