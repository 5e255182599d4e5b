package klog

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Files of a partition's folder are named by an offset of 20 digits and one of these suffixes.
const (
	logSuffix      = ".log"
	indexSuffix    = ".index"
	timeSuffix     = ".timeindex"
	txnSuffix      = ".txnindex"
	snapshotSuffix = ".snapshot"

	// Behind one of the above: about to be removed; being written by a compaction; written by it,
	// and about to take the place of what it was made of.
	deletedSuffix = ".deleted"
	cleanedSuffix = ".cleaned"
	swapSuffix    = ".swap"
)

// segmentSuffixes are the files of one segment, the log last.
var segmentSuffixes = []string{indexSuffix, timeSuffix, txnSuffix, logSuffix}

// Files of a partition's folder that are not named by an offset.
const (
	epochsFile      = "leader-epoch-checkpoint"
	metadataFile    = "partition.metadata"
	incarnationFile = "zoka-incarnation"
	cleanerFile     = "zoka-cleaner"
	lostFile        = "zoka-sync-failed"
)

// Files of the log folder itself.
const (
	lockFile          = ".lock"
	cleanShutdownFile = ".kafka_cleanshutdown"
	metaFile          = "meta.properties"

	recoveryPointFile = "recovery-point-offset-checkpoint"
	highWatermarkFile = "replication-offset-checkpoint"
	logStartFile      = "log-start-offset-checkpoint"
	cleanerOffsetFile = "cleaner-offset-checkpoint"
)

// Folders of partitions that are not, or no longer, one of the broker's logs end in these.
const (
	deleteSuffix = "-delete"
	futureSuffix = "-future"
)

// maxFolderName is the longest name that file systems take.
const maxFolderName = 255

func fileName(offset int64, suffix string) string { return fmt.Sprintf("%020d%s", offset, suffix) }

// parseFileName is the offset in a name with that suffix; ok is false for any other name.
func parseFileName(name, suffix string) (offset int64, ok bool) {
	digits, found := strings.CutSuffix(name, suffix)
	if !found || len(digits) != 20 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	offset, err := strconv.ParseInt(digits, 10, 64)
	return offset, err == nil
}

func folderName(topic string, partition int32) string { return fmt.Sprintf("%s-%d", topic, partition) }

// deletedFolderName is unique, and no longer than a name may be.
// Source: Log.logDeleteDirName.
func deletedFolderName(topic string, partition int32) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	suffix := fmt.Sprintf("-%d.%s%s", partition, hex.EncodeToString(id[:]), deleteSuffix)
	return topic[:min(len(topic), maxFolderName-len(suffix))] + suffix
}

// parseFolderName splits the name of a log's folder at its last hyphen.
func parseFolderName(name string) (topic string, partition int32, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 || i == len(name)-1 || strings.Trim(name[i+1:], "0123456789") != "" {
		return "", 0, false
	}
	n, err := strconv.ParseInt(name[i+1:], 10, 32)
	return name[:i], int32(n), err == nil
}
