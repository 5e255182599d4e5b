package command

import (
	"slices"
	"strings"
)

// secretKeys are how the names of properties end whose values nobody is to see, in Java's clients and brokers.
var secretKeys = []string{"password", "secret", "jaas.config", "keystore.key", "master.key"}

// HoldsSecret tells a word such as ssl.key.password=… or SCRAM-SHA-256=[password=…], whose value is neither shown nor kept.
func HoldsSecret(word string) bool {
	word = strings.ToLower(word)
	return slices.ContainsFunc(secretKeys, func(key string) bool { return strings.Contains(word, key+"=") })
}
