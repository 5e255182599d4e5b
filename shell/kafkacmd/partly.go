package kafkacmd

import (
	"iter"

	"github.com/zoka-project/zoka/render"
)

// partial is a result that is shown although something is wrong: what is good of it first, then the error.
type partial struct {
	result render.Result
	err    error
}

// partly returns the result, with an error behind it if there is one.
func partly(r render.Result, err error) render.Result {
	if err == nil {
		return r
	}
	return partial{r, err}
}

// View is the result and the error.
func (p partial) View() render.View {
	var rows iter.Seq2[render.Result, error] = func(yield func(render.Result, error) bool) {
		if yield(p.result, nil) {
			yield(nil, p.err)
		}
	}
	return render.Stream{Rows: rows}
}
