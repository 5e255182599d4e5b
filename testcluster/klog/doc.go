// Package klog keeps the partition logs of a Kafka broker, in Kafka's own file formats.
package klog
