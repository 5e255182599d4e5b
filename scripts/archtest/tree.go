package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// source is one parsed Go file.
type source struct {
	name string // slash-separated, below the root
	test bool
	ast  *ast.File
}

// imports returns the file's import paths in order.
func (s source) imports() []string {
	paths := make([]string, 0, len(s.ast.Imports))
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// pkg is the Go files of one folder.
type pkg struct {
	dir   string // below the root, "." for the root itself
	files []source
}

// load parses every Go file below the root of fsys, folder by folder in lexical order. It leaves out what the go
// command leaves out (testdata, vendor, names that begin with . or _) and folders that are modules of their own.
func load(fset *token.FileSet, fsys fs.FS) ([]*pkg, error) {
	var pkgs []*pkg
	byDir := map[string]*pkg{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipDir(fsys, name) {
				return fs.SkipDir
			}
			return nil
		}
		if base := path.Base(name); path.Ext(base) != ".go" || base[0] == '.' || base[0] == '_' {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
			pkgs = append(pkgs, byDir[dir])
		}
		byDir[dir].files = append(byDir[dir].files, source{name, strings.HasSuffix(name, "_test.go"), file})
		return nil
	})
	return pkgs, err
}

func skipDir(fsys fs.FS, name string) bool {
	if name == "." {
		return false
	}
	base := path.Base(name)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(name, "go.mod"))
	return err == nil
}
