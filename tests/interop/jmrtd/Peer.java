import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.smartcardio.CardTerminal;
import javax.smartcardio.TerminalFactory;
import net.sf.scuba.smartcards.TerminalCardService;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.crypto.AsymmetricBlockCipher;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA224Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.engines.RSAEngine;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.ISO9796d2Signer;
import org.bouncycastle.jcajce.provider.asymmetric.util.EC5Util;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jce.spec.ECParameterSpec;
import org.bouncycastle.math.ec.ECPoint;
import org.jmrtd.AccessKeySpec;
import org.jmrtd.BACKey;
import org.jmrtd.PACEKeySpec;
import org.jmrtd.PassportService;
import org.jmrtd.cert.CVCPrincipal;
import org.jmrtd.cert.CVCertificateFactorySpi;
import org.jmrtd.cert.CardVerifiableCertificate;
import org.jmrtd.lds.CardAccessFile;
import org.jmrtd.lds.CardSecurityFile;
import org.jmrtd.lds.ChipAuthenticationInfo;
import org.jmrtd.lds.ChipAuthenticationPublicKeyInfo;
import org.jmrtd.lds.LDSFile;
import org.jmrtd.lds.LDSFileUtil;
import org.jmrtd.lds.PACEInfo;
import org.jmrtd.lds.SODFile;
import org.jmrtd.lds.SecurityInfo;
import org.jmrtd.lds.icao.DG14File;
import org.jmrtd.lds.icao.DG15File;
import org.jmrtd.protocol.EACCAResult;
import org.jmrtd.protocol.PACECAMResult;
import org.jmrtd.protocol.PACEGMMappingResult;
import org.jmrtd.protocol.PACEResult;

/**
 * JMRTD and BouncyCastle as a peer. It reads one request per line from standard input: a verb and name=value pairs. Each
 * step that succeeded is answered with a line "done STEP NOTE", the whole with "ok RESULT" or "error STEP WORDS".
 */
public final class Peer {
  private static final HexFormat HEX = HexFormat.of();
  private static String step = "";

  private static void begin(String name) {
    step = name;
  }

  private static void done(String note) {
    System.out.println("done " + step + (note.isEmpty() ? "" : " " + note));
  }

  public static void main(String[] arguments) throws Exception {
    Security.insertProviderAt(new BouncyCastleProvider(), 1);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.trim().split(" ");
      Map<String, String> given = new HashMap<>();
      for (int i = 1; i < words.length; i++) {
        String[] pair = words[i].split("=", 2);
        given.put(pair[0], pair[1]);
      }
      step = words[0];
      try {
        String result =
            switch (words[0]) {
              case "read" -> read(given);
              case "parse" -> parse(given);
              case "aa" -> activeAuthentication(given);
              case "aa-sign" -> sign(given);
              case "card-security" -> cardSecurity(given);
              case "cvc" -> certificate(given);
              case "path" -> path(given);
              case "crl" -> revocationList(given);
              case "cms" -> signedData(given);
              default -> throw new IllegalArgumentException("no such request");
            };
        System.out.println(("ok " + result).trim());
      } catch (Exception | Error refusal) {
        refusal.printStackTrace();
        Throwable cause = refusal;
        while (cause.getCause() != null) {
          cause = cause.getCause();
        }
        System.out.println("error " + step + " " + (refusal + " / " + cause).replaceAll("\\s+", " "));
      }
      System.out.flush();
    }
  }

  private static byte[] bytes(Map<String, String> given, String name) {
    return HEX.parseHex(given.getOrDefault(name, ""));
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }

  private static CardTerminal terminal(String name) throws Exception {
    for (CardTerminal terminal : TerminalFactory.getDefault().terminals().list()) {
      if (terminal.getName().equals(name)) {
        check(terminal.waitForCardPresent(10_000), "no card in " + name);
        return terminal;
      }
    }
    throw new IllegalStateException("no reader " + name);
  }

  /** A card is opened, its chip authenticated, every file read, parsed, hashed against EF.SOD; or only opened. */
  private static String read(Map<String, String> given) throws Exception {
    String name = new String(bytes(given, "reader"), StandardCharsets.UTF_8);
    begin("connect");
    CardTerminal terminal = terminal(name);
    boolean extended = given.containsKey("extended");
    int length = extended ? 65_536 : PassportService.NORMAL_MAX_TRANCEIVE_LENGTH;
    // Java's PC/SC receives at most 8,192 bytes.
    int block = extended ? 8_000 : PassportService.DEFAULT_MAX_BLOCKSIZE;
    boolean sfi = given.containsKey("sfi");
    TerminalCardService card = new TerminalCardService(terminal);
    PassportService service = new PassportService(card, length, length, block, sfi, true);
    try {
      service.open();
      return read(given, service);
    } finally {
      // JMRTD's close() leaves the card as it is: the next reader shall find it reset.
      try {
        terminal.connect("*").disconnect(true);
      } catch (Exception ignored) {
        // The card is gone already.
      }
      service.close();
    }
  }

  private static String read(Map<String, String> given, PassportService service) throws Exception {
    BACKey mrz = new BACKey(given.get("number"), given.get("birth"), given.get("expiry"));
    PACEResult pace = null;
    if (given.containsKey("pace")) {
      begin("EF.CardAccess");
      CardAccessFile access = new CardAccessFile(service.getInputStream(PassportService.EF_CARD_ACCESS));
      String wantedOid = given.get("oid");
      BigInteger wanted = new BigInteger(given.get("parameters"));
      PACEInfo info = null;
      for (SecurityInfo candidate : access.getSecurityInfos()) {
        if (candidate instanceof PACEInfo offered
            && offered.getObjectIdentifier().equals(wantedOid)
            && wanted.equals(offered.getParameterId())) {
          info = offered;
        }
      }
      check(info != null, "not announced: " + access);
      done("");
      begin("PACE");
      String secret = given.get("secret");
      AccessKeySpec key =
          switch (given.get("pace")) {
            case "mrz" -> PACEKeySpec.createMRZKey(mrz);
            case "can" -> PACEKeySpec.createCANKey(secret);
            case "pin" -> PACEKeySpec.createPINKey(secret);
            case "puk" -> PACEKeySpec.createPUKKey(secret);
            default -> throw new IllegalArgumentException("no such password");
          };
      BigInteger named = given.containsKey("name-parameters") ? info.getParameterId() : null;
      pace =
          service.doPACE(
              key, info.getObjectIdentifier(), PACEInfo.toParameterSpec(info.getParameterId()), named);
      service.sendSelectApplet(true);
      done("");
      if (given.containsKey("static-key")) {
        begin("CAM");
        chipAuthenticationMapping((PACECAMResult) pace, bytes(given, "static-key"));
        done("the mapping key is the static key times the chip's data");
      }
    } else {
      service.sendSelectApplet(false);
      begin("BAC");
      service.doBAC(mrz);
      done("");
    }

    if (given.containsKey("open-only")) {
      return "";
    }
    begin("EF.COM");
    byte[] com = file(service, PassportService.EF_COM);
    List<Integer> listed = LDSFileUtil.getDataGroupNumbers(LDSFileUtil.getCOMFile(new ByteArrayInputStream(com)));
    done("");
    begin("EF.SOD");
    byte[] sodBytes = file(service, PassportService.EF_SOD);
    SODFile sod = LDSFileUtil.getSODFile(new ByteArrayInputStream(sodBytes));
    done("");
    begin("signature");
    Signature signature = Signature.getInstance(sod.getDigestEncryptionAlgorithm(), "BC");
    if (sod.getDigestEncryptionAlgorithmParams() != null) {
      signature.setParameter(sod.getDigestEncryptionAlgorithmParams());
    }
    signature.initVerify(sod.getDocSigningCertificate());
    signature.update(sod.getEContent());
    check(signature.verify(sod.getEncryptedDigest()), "EF.SOD's signature does not hold");
    done(sod.getDigestEncryptionAlgorithm());

    Map<Integer, byte[]> groups = new TreeMap<>();
    EACCAResult chip = null;
    DG14File dg14 = null;
    if (listed.contains(14)) {
      begin("DG14");
      groups.put(14, file(service, PassportService.EF_DG14));
      dg14 = LDSFileUtil.getDG14File(new ByteArrayInputStream(groups.get(14)));
      done("");
    }
    if (given.containsKey("ca")) {
      begin("CA");
      ChipAuthenticationPublicKeyInfo key = null;
      for (ChipAuthenticationPublicKeyInfo offered : dg14.getChipAuthenticationPublicKeyInfos()) {
        key = key == null ? offered : key;
      }
      check(key != null, "DG14 has no key");
      ChipAuthenticationInfo info = null;
      for (ChipAuthenticationInfo offered : dg14.getChipAuthenticationInfos()) {
        info = info == null ? offered : info;
      }
      check(info != null, "DG14 names no protocol");
      chip =
          service.doEACCA(
              key.getKeyId(), info.getObjectIdentifier(), key.getObjectIdentifier(), key.getSubjectPublicKey());
      // Only what is read under the new keys shows that the chip has its private key.
      check(Arrays.equals(file(service, PassportService.EF_COM), com), "EF.COM differs afterwards");
      done("confirmed by a read under the new keys");
    }
    if (given.containsKey("ta-key")) {
      begin("TA");
      terminalAuthentication(given, service, chip, pace);
      done("");
    }
    for (int number : listed) {
      if (groups.containsKey(number) || number == 3 && !given.containsKey("ta-key")) {
        continue;
      }
      begin("DG" + number);
      groups.put(number, file(service, LDSFileUtil.lookupFIDByDataGroupNumber(number)));
      done("");
    }
    if (given.containsKey("aa")) {
      begin("AA");
      PublicKey key = LDSFileUtil.getDG15File(new ByteArrayInputStream(groups.get(15))).getPublicKey();
      byte[] challenge = bytes(given, "aa");
      byte[] answer = service.doAA(key, null, null, challenge).getResponse();
      done(verifyActiveAuthentication(key, challenge, answer, given.get("hash")));
    }
    if (!given.containsKey("ta-key")) {
      begin("refused");
      boolean refused = false;
      try {
        file(service, PassportService.EF_DG3);
      } catch (Exception expected) {
        refused = true;
      }
      check(refused, "DG3 is read without Terminal Authentication");
      done("");
    }
    begin("hashes");
    MessageDigest digest = MessageDigest.getInstance(sod.getDigestAlgorithm());
    Map<Integer, byte[]> hashes = sod.getDataGroupHashes();
    for (Map.Entry<Integer, byte[]> group : groups.entrySet()) {
      byte[] hash = digest.digest(group.getValue());
      check(MessageDigest.isEqual(hash, hashes.get(group.getKey())), "DG" + group.getKey() + " is not EF.SOD's");
    }
    done(sod.getDigestAlgorithm() + " of " + groups.keySet());
    begin("classes");
    List<String> same = new ArrayList<>();
    List<String> differ = new ArrayList<>();
    for (Map.Entry<Integer, byte[]> group : groups.entrySet()) {
      if (group.getKey() != 13) {
        short id = LDSFileUtil.lookupFIDByDataGroupNumber(group.getKey());
        (reencodes(id, group.getValue()) ? same : differ).add("DG" + group.getKey());
      }
    }
    done("parsed " + String.join(",", same) + (differ.isEmpty() ? "" : "; encoded otherwise " + String.join(",", differ)));
    return "";
  }

  /**
   * PK_map = CA_data times PK_static (Doc 9303-11 §4.4.3.5.2). JMRTD leaves this check to its caller, and its own
   * decryption takes -1 for the initialisation vector, where §4.4.3.5.3 and the example of appendix I have E(KS_Enc, -1).
   */
  private static void chipAuthenticationMapping(PACECAMResult pace, byte[] spki) throws Exception {
    ECPublicKey key =
        (ECPublicKey) KeyFactory.getInstance("EC", "BC").generatePublic(new X509EncodedKeySpec(spki));
    ECPublicKey mapping =
        (ECPublicKey) ((PACEGMMappingResult) pace.getMappingResult()).getPICCMappingPublicKey();
    byte[] minusOne = new byte[16];
    Arrays.fill(minusOne, (byte) 0xFF);
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(Cipher.ENCRYPT_MODE, pace.getWrapper().getEncryptionKey());
    IvParameterSpec vector = new IvParameterSpec(cipher.doFinal(minusOne));
    cipher = Cipher.getInstance("AES/CBC/ISO7816-4Padding", "BC");
    cipher.init(Cipher.DECRYPT_MODE, pace.getWrapper().getEncryptionKey(), vector);
    BigInteger data = new BigInteger(1, cipher.doFinal(pace.getEncryptedChipAuthenticationData()));
    ECParameterSpec curve = EC5Util.convertSpec(key.getParams());
    ECPoint expected = EC5Util.convertPoint(curve.getCurve(), key.getW()).multiply(data).normalize();
    ECPoint found = EC5Util.convertPoint(curve.getCurve(), mapping.getW()).normalize();
    check(expected.equals(found), "the mapping key is another");
  }

  private static byte[] file(PassportService service, short id) throws Exception {
    try (InputStream in = service.getInputStream(id)) {
      return in.readAllBytes();
    }
  }

  private static void terminalAuthentication(
      Map<String, String> given, PassportService service, EACCAResult chip, PACEResult pace) throws Exception {
    List<CardVerifiableCertificate> chain = new ArrayList<>();
    for (String hex : given.get("ta-chain").split(",")) {
      chain.add(certificate(HEX.parseHex(hex)));
    }
    String algorithm = given.get("ta-key-algorithm");
    PrivateKey key =
        KeyFactory.getInstance(algorithm, "BC").generatePrivate(new PKCS8EncodedKeySpec(bytes(given, "ta-key")));
    CVCPrincipal authority = new CVCPrincipal(given.get("ta-authority"));
    String signature = chain.get(chain.size() - 1).getSigAlgName();
    if (pace != null) {
      service.doEACTA(authority, chain, key, signature, chip, pace);
    } else {
      service.doEACTA(authority, chain, key, signature, chip, given.get("number"));
    }
  }

  private static CardVerifiableCertificate certificate(byte[] encoded) throws Exception {
    return (CardVerifiableCertificate)
        new CVCertificateFactorySpi().engineGenerateCertificate(new ByteArrayInputStream(encoded));
  }

  private static boolean reencodes(short id, byte[] content) throws Exception {
    LDSFile file = LDSFileUtil.getLDSFile(id, new ByteArrayInputStream(content));
    check(file != null, "JMRTD has no class for it");
    // What is parsed lazily is parsed now.
    check(!file.toString().isEmpty(), "it says nothing");
    return Arrays.equals(file.getEncoded(), content);
  }

  /** One file by its identifier: parsed by JMRTD's class and encoded again. */
  private static String parse(Map<String, String> given) throws Exception {
    short id = (short) Integer.parseInt(given.get("file"), 16);
    return reencodes(id, bytes(given, "content")) ? "same" : "otherwise";
  }

  private static String cardSecurity(Map<String, String> given) throws Exception {
    CardSecurityFile file = new CardSecurityFile(new ByteArrayInputStream(bytes(given, "content")));
    return file.getSecurityInfos().size() + " " + file.getDigestEncryptionAlgorithm();
  }

  /** A CV certificate: parsed, and checked under a public key. */
  private static String certificate(Map<String, String> given) throws Exception {
    CardVerifiableCertificate certificate = certificate(bytes(given, "content"));
    CardVerifiableCertificate issuer = certificate(bytes(given, "issuer"));
    certificate.verify(issuer.getPublicKey(), "BC");
    return certificate.getHolderReference().getName();
  }

  private static List<X509Certificate> certificates(Map<String, String> given, String name) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
    List<X509Certificate> found = new ArrayList<>();
    for (String one : given.getOrDefault(name, "").split(",")) {
      if (!one.isEmpty()) {
        found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(HEX.parseHex(one))));
      }
    }
    return found;
  }

  private static X509CRL list(byte[] encoded) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
    return (X509CRL) factory.generateCRL(new ByteArrayInputStream(encoded));
  }

  /** A certification path by RFC 5280, from one anchor, at a time, with revocation if a list is given. */
  private static String path(Map<String, String> given) throws Exception {
    List<X509Certificate> chain = certificates(given, "chain");
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(certificates(given, "anchor").get(0), null)));
    parameters.setDate(new Date(Long.parseLong(given.get("at")) * 1000));
    parameters.setSigProvider("BC");
    List<Object> known = new ArrayList<>(chain);
    known.addAll(certificates(given, "known"));
    parameters.setRevocationEnabled(given.containsKey("crl"));
    if (given.containsKey("crl")) {
      known.add(list(bytes(given, "crl")));
    }
    parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(known), "BC"));
    CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
    CertPathValidator.getInstance("PKIX", "BC").validate(factory.generateCertPath(chain), parameters);
    return chain.size() + " below the anchor";
  }

  private static String revocationList(Map<String, String> given) throws Exception {
    X509CRL list = list(bytes(given, "content"));
    list.verify(certificates(given, "issuer").get(0).getPublicKey(), "BC");
    return String.valueOf(list.getRevokedCertificates() == null ? 0 : list.getRevokedCertificates().size());
  }

  /** A SignedData: every signer by the certificate that came along; the answer is the content. */
  private static String signedData(Map<String, String> given) throws Exception {
    CMSSignedData data = new CMSSignedData(bytes(given, "content"));
    for (SignerInformation signer : data.getSignerInfos()) {
      @SuppressWarnings("unchecked")
      var found = data.getCertificates().getMatches(signer.getSID());
      check(found.size() == 1, found.size() + " certificates are named by the signer");
      X509CertificateHolder certificate = (X509CertificateHolder) found.iterator().next();
      var verifier = new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate);
      check(signer.verify(verifier), "the signature does not hold");
    }
    check(data.getSignerInfos().size() == 1, "there is not one signer");
    return data.getSignedContentTypeOID() + " " + HEX.formatHex((byte[]) data.getSignedContent().getContent());
  }

  private static String activeAuthentication(Map<String, String> given) throws Exception {
    String algorithm = given.get("algorithm");
    PublicKey key = KeyFactory.getInstance(algorithm, "BC").generatePublic(new X509EncodedKeySpec(bytes(given, "key")));
    return verifyActiveAuthentication(key, bytes(given, "challenge"), bytes(given, "answer"), given.get("hash"));
  }

  /** RSA by ISO/IEC 9796-2 scheme 1 with BouncyCastle's signer, ECDSA plain. */
  private static String verifyActiveAuthentication(PublicKey key, byte[] challenge, byte[] answer, String hash)
      throws Exception {
    if (key instanceof RSAPublicKey rsa) {
      AsymmetricBlockCipher engine = new RSAEngine();
      // A trailer of one byte is SHA-1 (Doc 9303-11 §6.1.2.2), of two bytes it names the hash.
      boolean implicit = hash.equals("SHA-1");
      ISO9796d2Signer signer = new ISO9796d2Signer(engine, digest(hash), implicit);
      signer.init(false, new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent()));
      signer.updateWithRecoveredMessage(answer);
      signer.update(challenge, 0, challenge.length);
      check(signer.verifySignature(answer), "ISO/IEC 9796-2: the signature does not hold");
      return "ISO/IEC 9796-2 " + hash;
    }
    Signature signature = Signature.getInstance(hash.replace("-", "") + "withPLAIN-ECDSA", "BC");
    signature.initVerify(key);
    signature.update(challenge);
    check(signature.verify(answer), "ECDSA: the signature does not hold");
    return "plain ECDSA " + hash;
  }

  private static KeyPair chip;

  /** A chip's answer, by BouncyCastle: as much of M1 as the key holds, chosen at random, is recovered. */
  private static String sign(Map<String, String> given) throws Exception {
    if (chip == null) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA", "BC");
      generator.initialize(2048);
      chip = generator.generateKeyPair();
    }
    String hash = given.get("hash");
    boolean implicit = hash.equals("SHA-1");
    byte[] recovered = new byte[256 - 1 - digest(hash).getDigestSize() - (implicit ? 1 : 2)];
    new SecureRandom().nextBytes(recovered);
    byte[] challenge = bytes(given, "challenge");
    ISO9796d2Signer signer = new ISO9796d2Signer(new RSAEngine(), digest(hash), implicit);
    RSAPrivateKey key = (RSAPrivateKey) chip.getPrivate();
    signer.init(true, new RSAKeyParameters(true, key.getModulus(), key.getPrivateExponent()));
    signer.update(recovered, 0, recovered.length);
    signer.update(challenge, 0, challenge.length);
    return HEX.formatHex(chip.getPublic().getEncoded()) + " " + HEX.formatHex(signer.generateSignature());
  }

  private static Digest digest(String name) {
    return switch (name) {
      case "SHA-1" -> new SHA1Digest();
      case "SHA-224" -> new SHA224Digest();
      case "SHA-256" -> new SHA256Digest();
      case "SHA-384" -> new SHA384Digest();
      case "SHA-512" -> new SHA512Digest();
      default -> throw new IllegalArgumentException("no such hash");
    };
  }
}
