// Package codec compresses and decompresses the records of Kafka's batches.
package codec
