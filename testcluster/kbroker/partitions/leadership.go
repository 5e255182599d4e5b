package partitions

// OnLeadership has fn told when this broker becomes a partition's leader, leads it in another epoch, or ceases to. Call it
// before the first Apply; fn must not block. A fence is not told.
func (m *Manager) OnLeadership(fn func(topic string, partition int32, epoch int32, leads bool)) {
	m.onLeadership = append(m.onLeadership, fn)
}

// led is a partition that the listeners know this broker to lead.
type led struct {
	p     *partition
	epoch int32
}

// announce tells the listeners what has changed since the last time. A topic that was created again under its name is
// another partition: its end is told before its beginning.
func (m *Manager) announce(t *table) {
	if len(m.onLeadership) == 0 {
		return
	}
	tell := func(key partitionKey, epoch int32, leads bool) {
		for _, fn := range m.onLeadership {
			fn(key.topic, key.partition, epoch, leads)
		}
	}
	for key, was := range m.told {
		p := t.findKey(key)
		if p != was.p || !p.leads() {
			delete(m.told, key)
			tell(key, was.epoch, false)
		}
	}
	for name, topic := range t.topics {
		for id, p := range topic.parts {
			key := partitionKey{name, id}
			if was, ok := m.told[key]; p.leads() && (!ok || was.epoch != p.epoch) {
				m.told[key] = led{p, p.epoch}
				tell(key, p.epoch, true)
			}
		}
	}
}

// leads is for the goroutine that applies images, which alone changes roles.
func (p *partition) leads() bool { return p.lead != nil }

// Leads says whether this broker leads a partition, and since which leader epoch.
func (m *Manager) Leads(topic string, partition int32) (epoch int32, ok bool) {
	p := m.table.Load().findKey(partitionKey{topic, partition})
	if p == nil {
		return 0, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.leader(); l != nil {
		return l.Epoch(), true
	}
	return 0, false
}
