import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Records of Tamis for the example programs in Java, as docs/formats.md has them. */
final class Records {
  static final int EVENT = 1, BEGIN_OF_RUN = 2, END_OF_RUN = 3, HEARTBEAT = 4;
  static final int HEADER_BYTES = 64;

  private Records() {}

  /** Appends a record at the buffer's position; features is null in a control record. */
  static void putEvent(ByteBuffer out, int kind, int run, int source, int featureCount,
      long sequence, long event, float[] features) {
    int start = out.position(), size = HEADER_BYTES + 4 * featureCount;
    ByteBuffer record = out.slice(start, size).order(ByteOrder.LITTLE_ENDIAN);
    long now = System.currentTimeMillis() * 1_000_000L;
    record.put(new byte[] {'T', 'M', 'S', 'E', 1, (byte) kind}).putShort((short) 0)
        .putInt(source).putInt(run).putInt(1) // luminosity section
        .putShort((short) featureCount).putShort((short) 0).putLong(sequence).putLong(event)
        .putLong(now).putInt(0).putFloat(Float.NaN).putInt(0).putInt(0);
    for (int i = 0; i < featureCount; i++) record.putFloat(features == null ? 0 : features[i]);
    record.putInt(60, crc(record, 0, size));
    out.position(start + size);
  }

  /** CRC-32C of a record, without its own four bytes at 60. */
  static int crc(ByteBuffer buffer, int start, int size) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.slice(start, 60));
    crc.update(buffer.slice(start + 64, size - 64));
    return (int) crc.getValue();
  }

  /** What is wrong with a flagged record; null where nothing is. */
  static String fault(ByteBuffer record) {
    int size = record.limit(), features = (size - 128) / 8;
    if (size < 136 || (size - 128) % 8 != 0 || record.getInt(0) != 0x46534D54 // "TMSF"
        || record.get(4) != 1) return "not a flagged record";
    int inner = HEADER_BYTES + 4 * features, innerSize = HEADER_BYTES + 4 * features;
    if (record.getInt(60) != crc(record, 0, size)) return "checksum";
    if (record.getInt(inner) != 0x45534D54 // "TMSE"
        || Short.toUnsignedInt(record.getShort(inner + 20)) != features) return "the event inside";
    if (record.getInt(inner + 60) != crc(record, inner, innerSize)) return "the event's checksum";
    float[] lane = new float[16];
    for (int i = 0; i < features; i++) lane[i % 16] += record.getFloat(HEADER_BYTES + 4 * i);
    for (int half = 8; half >= 1; half /= 2)
      for (int i = 0; i < half; i++) lane[i] += lane[i + half];
    boolean scorable = (record.get(5) & 4) == 0;
    if (scorable && record.getInt(8) != Float.floatToRawIntBits(lane[0]))
      return "score is not the sum";
    return null;
  }
}
