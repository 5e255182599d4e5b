package kproto

import (
	"strconv"
	"strings"
)

// JavaDouble prints a number as Double.toString does: with a point, and with an exponent from 10^7 up and below 10^-3.
func JavaDouble(f float64) string {
	if size := max(f, -f); size != 0 && (size < 1e-3 || size >= 1e7) {
		text := strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "E+", "E", 1)
		mantissa, exponent, _ := strings.Cut(text, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		exponent, negative := strings.CutPrefix(exponent, "-")
		exponent = strings.TrimLeft(exponent, "0")
		if negative {
			exponent = "-" + exponent
		}
		return mantissa + "E" + exponent
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
