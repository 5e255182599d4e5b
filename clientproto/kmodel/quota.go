package kmodel

// QuotaPart is one part of whom a quota is for.
type QuotaPart struct {
	Type string `json:"type"` // user, client-id or ip
	// Name is nil for the default: all that have no quota of their own.
	Name *string `json:"name"`
}

// Quota are the limits of a user, of a client, of one client of a user, or of an address.
type Quota struct {
	Entity []QuotaPart        `json:"entity"` // by type
	Values map[string]float64 `json:"values"`
}
