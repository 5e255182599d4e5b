package wire

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/kbroker/wire/shape"
)

// Row is one API: what there is to know of it, and who answers it.
type Row struct {
	Key int16
	// Min and Max are the versions that are advertised and accepted, both inclusive.
	Min, Max int16
	// Handle answers a request, at once or later, see [Request]. It runs on the goroutine that reads the connection: while
	// it works the connection is not read. It must not wait for another request of the same connection.
	Handle func(*Request)
}

// neverFlexible stands for the first flexible version of an API that has none.
const neverFlexible = 1<<15 - 1

// api is a row with what follows from it.
type api struct {
	Row
	flexibleFrom int16
	shape        *shape.Shape // nil for an API whose handler does not decode
}

// apiVersionsKey is the API that this package answers itself.
const apiVersionsKey = 18

// apiTable is the rows by their keys. Keys are small: a slice is the quickest map.
type apiTable []*api

// newTable panics where two rows have one key, or kmsg does not know a row: both are faults of the program.
func newTable(rows []Row) apiTable {
	var t apiTable
	for _, r := range rows {
		if r.Key < 0 || r.Min < 0 || r.Max < r.Min || r.Handle == nil {
			panic(fmt.Sprintf("wire: no row can be: key %d, versions %d to %d", r.Key, r.Min, r.Max))
		}
		if n := int(r.Key) + 1; n > len(t) {
			t = append(t, make(apiTable, n-len(t))...)
		}
		if t[r.Key] != nil {
			panic(fmt.Sprintf("wire: two rows for API %d", r.Key))
		}
		t[r.Key] = &api{Row: r, flexibleFrom: firstFlexible(r.Key), shape: shape.For(r.Key)}
	}
	return t
}

// firstFlexible is the first version of an API whose headers and bodies have tag sections.
func firstFlexible(key int16) int16 {
	req := kmsg.RequestForKey(key)
	if req == nil {
		panic(fmt.Sprintf("wire: kmsg has no API %d", key))
	}
	for v := int16(0); v <= req.MaxVersion(); v++ {
		req.SetVersion(v)
		if req.IsFlexible() {
			return v
		}
	}
	return neverFlexible
}

func (t apiTable) get(key int16) *api {
	if key < 0 || int(key) >= len(t) {
		return nil
	}
	return t[key]
}

// flexible says whether a request's header has a tag section. Nothing is known of an API without a row; its header is
// read only to say in the log who sent it.
func (t apiTable) flexible(key, version int16) bool {
	a := t.get(key)
	return a != nil && version >= a.flexibleFrom
}

// ranges are all rows' versions, by ascending key.
func (t apiTable) ranges() []kmsg.ApiVersionsResponseApiKey {
	var list []kmsg.ApiVersionsResponseApiKey
	for _, a := range t {
		if a == nil {
			continue
		}
		k := kmsg.NewApiVersionsResponseApiKey()
		k.ApiKey, k.MinVersion, k.MaxVersion = a.Key, a.Min, a.Max
		list = append(list, k)
	}
	return slices.Clip(list)
}
