package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Violation is one breach of the rules.
type Violation struct {
	// Where is a file:line, or a folder where no single line is to blame.
	Where string
	Text  string
}

func (v Violation) String() string { return v.Where + ": " + v.Text }

// Check parses the module whose root is fsys and whose path is module, and returns every breach of [Packages],
// [Libraries] and the doc comment rule, in the order of folders and files. The error is a tree that cannot be read
// or a file that does not parse.
func Check(fsys fs.FS, module string) ([]Violation, error) {
	c := &checker{module: module, fset: token.NewFileSet()}
	pkgs, err := load(c.fset, fsys)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", module, err)
	}
	for _, p := range pkgs {
		c.checkDoc(p)
		row := rowOf(p.dir)
		if row == nil {
			c.report(p.dir, "the package is in no row of the import table: add a row to scripts/archtest/table.go")
			continue
		}
		for _, f := range p.files {
			if !f.test {
				c.checkImports(p, row, f)
				c.checkLanguage(row, f)
			}
		}
	}
	return c.found, nil
}

type checker struct {
	module string
	fset   *token.FileSet
	found  []Violation
}

func (c *checker) report(where, format string, args ...any) {
	c.found = append(c.found, Violation{where, fmt.Sprintf(format, args...)})
}

func (c *checker) reportAt(pos token.Pos, format string, args ...any) {
	p := c.fset.Position(pos)
	c.report(fmt.Sprintf("%s:%d", p.Filename, p.Line), format, args...)
}

// checkDoc wants one package comment that begins as godoc expects. Test files count: some packages have no others.
func (c *checker) checkDoc(p *pkg) {
	for _, f := range p.files {
		name := f.ast.Name.Name
		text := f.ast.Doc.Text()
		if text != "" && (name == "main" || strings.HasPrefix(text, "Package "+name+" ")) {
			return
		}
	}
	c.report(p.dir, "no doc comment: say in one file what the package is, what it is not, and who calls it (// Package %s ...)",
		p.files[0].ast.Name.Name)
}

func (c *checker) checkImports(p *pkg, row *Row, f source) {
	for i, imported := range f.imports() {
		pos := f.ast.Imports[i].Pos()
		switch ours, mine := c.ours(imported); {
		case mine:
			if !row.allows(ours) {
				c.reportAt(pos, "%s may not import %s (row %s of the import table)", p.dir, ours, row.Package)
			}
		case isStandard(imported):
			if row.Kind.bans(imported) {
				c.reportAt(pos, "%s is %s and may not import %s", p.dir, row.Kind, imported)
			}
		default:
			c.checkLibrary(p, row, imported, pos)
		}
	}
}

func (c *checker) checkLibrary(p *pkg, row *Row, imported string, pos token.Pos) {
	lib := libraryOf(imported)
	if lib == nil {
		c.reportAt(pos, "%s is in no row of the libraries: add one to scripts/archtest/table.go that names the package in front of it", imported)
		return
	}
	if row.Kind != Open && !(row.Kind == Core && lib.Values) {
		c.reportAt(pos, "%s is %s and may not import %s", p.dir, row.Kind, imported)
		return
	}
	switch {
	case matchesAny(lib.Importers, p.dir), len(lib.Importers) == 0 && matches("scripts/...", p.dir):
	case len(lib.Importers) == 0:
		c.reportAt(pos, "%s is for test files and scripts", imported)
	default:
		c.reportAt(pos, "%s is imported only by %s", imported, strings.Join(lib.Importers, ", "))
	}
}

// checkLanguage looks into the function bodies of Pure and Core packages.
func (c *checker) checkLanguage(row *Row, f source) {
	if row.Kind == Open {
		return
	}
	clock := localName(f, "time")
	if clock == "." {
		c.reportAt(f.ast.Pos(), "time is imported with a dot: calls of the clock could not be told")
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.reportAt(n.Pos(), "%s is %s and may not start a goroutine", row.Package, row.Kind)
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == clock && clockCalls[n.Sel.Name] {
				c.reportAt(n.Pos(), "%s is %s and may not use time.%s: time is handed in", row.Package, row.Kind, n.Sel.Name)
			}
		}
		return true
	})
}

// clockCalls are the names of package time that read the clock or wait for it.
var clockCalls = map[string]bool{"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true,
	"AfterFunc": true, "Tick": true, "NewTimer": true, "NewTicker": true}

// localName is the name that f uses for the import path, "" if it does not import it.
func localName(f source, imported string) string {
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || p != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

// ours cuts the module's path off an import path of the module.
func (c *checker) ours(imported string) (string, bool) {
	if imported == c.module {
		return ".", true
	}
	return strings.CutPrefix(imported, c.module+"/")
}

// isStandard tells the standard library by the missing dot in the first element, as the go command does.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}
