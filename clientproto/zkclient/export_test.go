package zkclient

// SetXid sets the number of the last request.
func (c *Client) SetXid(xid int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.xid = xid
}

// Queued is the number of calls in the queue, given up or not.
func (c *Client) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.queue.len()
}
