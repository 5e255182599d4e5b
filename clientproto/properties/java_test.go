package properties

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// javaLoad prints what java.util.Properties makes of texts with zero bytes between them: the pairs of each in the order
// of their keys, every one followed by \1, or ERR.
const javaLoad = `import java.io.*;
import java.util.*;
public class Load {
	public static void main(String[] args) throws Exception {
		byte[] all = System.in.readAllBytes();
		for (int start = 0, end = 0; end <= all.length; end++) {
			if (end < all.length && all[end] != 0) continue;
			String out = "";
			try {
				TreeMap<String, String> sorted = new TreeMap<>();
				new Properties() {
					public Object put(Object k, Object v) {
						return sorted.put(k.toString().trim(), v.toString().trim());
					}
				}.load(new ByteArrayInputStream(all, start, end - start));
				sorted.remove("");
				for (var e : sorted.entrySet()) out += e.getKey() + "=" + e.getValue() + "\1";
			} catch (IllegalArgumentException e) {
				out = "ERR";
			}
			System.out.write(out.getBytes("UTF-8"));
			System.out.write(0);
			start = end + 1;
		}
		System.out.flush();
	}
}
`

// TestProperties_Java: Java reads random texts as we do.
func TestProperties_Java(t *testing.T) {
	if testing.Short() {
		t.Skip("Java is left out under -short")
	}
	if _, err := exec.LookPath("javac"); err != nil {
		t.Skip("no Java compiler")
	}
	source := filepath.Join(t.TempDir(), "Load.java")
	if err := os.WriteFile(source, []byte(javaLoad), 0o644); err != nil {
		t.Fatal(err)
	}
	texts := randomTexts(5000)
	for _, tt := range propertyCases {
		if decode(tt.text) == tt.text && !strings.ContainsFunc(tt.text, func(r rune) bool { return r > 127 }) {
			texts = append(texts, tt.text)
		}
	}
	java := exec.CommandContext(t.Context(), "java", source)
	java.Stdin = strings.NewReader(strings.Join(texts, "\x00"))
	out, err := java.Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		if got := asJava(texts[i]); got != string(want) {
			t.Errorf("%q\n  ours   %q\n  Java's %q", texts[i], got, want)
		}
	}
}

func randomTexts(n int) []string {
	const letters = "ab=: \\\n\r\t\f#!u0041"
	random := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, n)
	for i := range texts {
		b := make([]byte, random.IntN(16))
		for j := range b {
			b[j] = letters[random.IntN(len(letters))]
		}
		texts[i] = string(b)
	}
	return texts
}

func asJava(text string) string {
	entries, err := Parse(text)
	if err != nil {
		return "ERR"
	}
	last := map[string]string{}
	for _, e := range entries {
		if e.Key == "" {
			continue // a lone backslash at the end makes one in Java; it sets nothing
		}
		last[e.Key] = e.Value
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(last)) {
		b.WriteString(k + "=" + last[k] + "\x01")
	}
	return b.String()
}
