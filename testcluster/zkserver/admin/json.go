package admin

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// object is a JSON object whose members keep their order, as Java's LinkedHashMap does.
type object []member

type member struct {
	name  string
	value any // nil, bool, int, int64, float64, string, object, []any
}

// set replaces a member, or adds it at the end.
func (o *object) set(name string, value any) {
	for i := range *o {
		if (*o)[i].name == name {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{name, value})
}

// encode writes a value as Jackson's indenting printer does: each member on its line, arrays on one line,
// " : " between name and value, a blank in empty braces.
func encode(value any) string {
	var b strings.Builder
	write(&b, value, 0)
	return b.String()
}

func write(b *strings.Builder, value any, depth int) {
	switch v := value.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(javaDouble(v))
	case string:
		b.WriteString(quote(v))
	case object:
		writeObject(b, v, depth)
	case []any:
		writeArray(b, v, depth)
	default:
		panic(fmt.Sprintf("admin: no JSON for a %T", value))
	}
}

func writeObject(b *strings.Builder, o object, depth int) {
	if len(o) == 0 {
		b.WriteString("{ }")
		return
	}
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", depth+1))
		b.WriteString(quote(m.name))
		b.WriteString(" : ")
		write(b, m.value, depth+1)
	}
	b.WriteByte('\n')
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteByte('}')
}

func writeArray(b *strings.Builder, list []any, depth int) {
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte(' ')
		write(b, v, depth)
	}
	b.WriteString(" ]")
}

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// javaDouble writes a number as Java's Double.toString for those that stand in ZooKeeper's answers.
func javaDouble(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return `"NaN"`
	}
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
