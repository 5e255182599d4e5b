package admin

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

// A credential that Kafka 2.7.2's own tool has written, for the password "x".
func TestCredential_IsKafkas(t *testing.T) {
	const kafkas = "salt=dWpuMTF5cGR1bWp4MWNkdXgyanVpMWw0bQ==,stored_key=DR6YI3MDQPRC+UEkifQIF8/W6MEDKJ8bKf1iHSapvDo=," +
		"server_key=oXI52suJ7xF9x1KOHVCQX9WM21baaFNoybXmSz7mw9g=,iterations=4096"
	salt, err := base64.StdEncoding.DecodeString("dWpuMTF5cGR1bWp4MWNkdXgyanVpMWw0bQ==")
	if err != nil {
		t.Fatal(err)
	}
	salted, err := pbkdf2.Key(sha256.New, "x", salt, 4096, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	if got := mechanisms[0].credential(salt, salted, 4096); got != kafkas {
		t.Errorf("%s\nKafka: %s", got, kafkas)
	}
}
