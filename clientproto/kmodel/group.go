package kmodel

// GroupListing is a group as a list has it.
type GroupListing struct {
	Name         string `json:"name"`
	State        string `json:"state,omitempty"` // Kafka's word; "" from brokers before 2.6
	Type         string `json:"type,omitempty"`  // classic, consumer; "" from brokers before 3.8
	ProtocolType string `json:"protocol_type"`   // consumer, connect …; "" of a group that only has offsets
	Coordinator  int32  `json:"coordinator"`
}

// Group is a group with its members.
type Group struct {
	Name         string        `json:"name"`
	State        string        `json:"state"` // Dead where there is no such group
	ProtocolType string        `json:"protocol_type"`
	Assignor     string        `json:"assignor"` // the protocol that the members agreed on, such as range
	Coordinator  Broker        `json:"coordinator"`
	Members      []GroupMember `json:"members"`
	Err          error         `json:"-"`
}

// GroupMember is a member of a group.
type GroupMember struct {
	ID         string           `json:"id"`
	InstanceID string           `json:"instance_id,omitempty"` // of a static member
	ClientID   string           `json:"client_id"`
	Host       string           `json:"host"` // as the broker writes it, with a / before the address
	Assigned   []TopicPartition `json:"assigned"`
}
