using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors.Advisor;

public sealed class NpyFormatTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(1000, 384)]
    [InlineData(0, 7)]
    public void What_is_written_is_read_and_the_numbers_begin_at_a_multiple_of_64(int rows, int dimensions)
    {
        float[] numbers = [.. Enumerable.Range(0, rows * dimensions).Select(i => i * 0.37f - 5)];
        byte[] head = NpyFormat.Head(rows, dimensions);
        (head.Length % 64).ShouldBe(0);
        NpyFormat read = Read([.. head, .. MemoryMarshal.AsBytes(numbers.AsSpan())]);
        (read.Rows, read.Dimensions).ShouldBe((rows, dimensions));
        read.Numbers.ShouldBe(numbers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Half_and_double_numbers_and_every_version_of_the_header_are_read(int version)
    {
        byte[] halves = [.. new[] { 1.5, -2, 0, 65504 }.SelectMany(x => BitConverter.GetBytes((Half)x))], doubles = [.. new[] { 1.5, -2, 0, 1e300 }.SelectMany(BitConverter.GetBytes)];
        Read([.. Head("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 2), }", version), .. halves]).Numbers.ShouldBe([1.5f, -2, 0, 65504]);
        Read([.. Head("{ \"x\": 0, 'shape':(4,1),'fortran_order':False,'descr':'<f8'}", version), .. doubles]).Numbers.ShouldBe([1.5f, -2, 0, float.PositiveInfinity]);
    }

    [Theory]
    [InlineData("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1), }", "of type '<i4'")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", "of type '>f4'")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1), }", "of type ''")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "ascontiguousarray")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "Its shape is not (rows, dimensions)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", "Its shape is not (rows, dimensions)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 0), }", "Its shape is not (rows, dimensions)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 2000000000), }", "Its shape is not (rows, dimensions)")]
    public void Other_arrays_are_refused_with_the_way_out(string header, string message) =>
        Should.Throw<NpyFormatException>(() => Read([.. Head(header, 1), 0, 0, 0, 0])).Message.ShouldContain(message);

    [Fact]
    public void A_file_that_is_cut_or_too_long_or_something_else_is_refused()
    {
        byte[] whole = [.. NpyFormat.Head(2, 2), .. new byte[16]];
        for (int length = 0; length < whole.Length; length += 3)
        {
            Should.Throw<NpyFormatException>(() => Read(whole[..length]), $"{length} bytes");
        }
        Should.Throw<NpyFormatException>(() => Read([.. whole, 0])).Message.ShouldContain("follow behind the 4");
        Should.Throw<NpyFormatException>(() => Read("PK\u0003\u0004 an archive"u8.ToArray())).Message.ShouldContain("numpy.save");
        whole[6] = 4;
        Should.Throw<NpyFormatException>(() => Read(whole)).Message.ShouldContain("version 4.0");
    }

    private static NpyFormat Read(byte[] bytes) => NpyFormat.Read(new MemoryStream(bytes));

    private static byte[] Head(string header, int version) =>
        [0x93, .. "NUMPY"u8, (byte)version, 0, .. version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length), .. Encoding.ASCII.GetBytes(header)];
}
